//! Counters and durations in Prometheus text. Labels come from closed or configured sets only, never from request bodies.

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
const DECISION_SECONDS: &str = "adjudica_decision_seconds";
const SECONDS_BUCKETS: [f64; 12] = [0.000_1, 0.000_3, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// One host's figures. Not the process's: several hosts can live in one process.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

/// What the figures of a decision are kept under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionLabels {
    /// A payer that has an activation, else `other`.
    pub payer: String,
    /// `id@version`, or `none`.
    pub policy: String,
    /// The outcome.
    pub outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Figures that start at nothing.
    #[must_use]
    pub fn new() -> Self {
        let mut builder = PrometheusBuilder::new();
        // Every duration is a histogram; only an empty list of buckets is refused, and durations are then kept as summaries.
        builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    /// Counts `number` decisions.
    pub fn decided(&self, labels: &DecisionLabels, number: u64) {
        let labels = vec![
            Label::new("payer", labels.payer.clone()),
            Label::new("policy", labels.policy.clone()),
            Label::new("outcome", labels.outcome),
        ];
        self.counter("adjudica_decisions_total", labels).increment(number);
    }

    /// Counts a fault of a policy.
    pub fn policy_fault(&self, policy: String, code: &'static str) {
        self.counter("adjudica_policy_faults_total", vec![Label::new("policy", policy), Label::new("code", code)])
            .increment(1);
    }

    /// Notes how long one decision took, from its request to its durable record.
    pub fn decision_took(&self, seconds: f64) {
        self.histogram(DECISION_SECONDS, Vec::new()).record(seconds);
    }

    /// Counts a published set of activations.
    pub fn swapped(&self) {
        self.counter("adjudica_swaps_total", Vec::new()).increment(1);
    }

    /// Counts a decision made again because a ledger moved.
    pub fn retried(&self) {
        self.counter("adjudica_ledger_retries_total", Vec::new()).increment(1);
    }

    /// Counts a search for the ways out of a refusal.
    pub fn looked_for_ways(&self) {
        self.counter("adjudica_ways_out_searches_total", Vec::new()).increment(1);
    }

    /// Counts a transaction that recorded decisions.
    pub fn committed(&self) {
        self.counter("adjudica_commits_total", Vec::new()).increment(1);
    }

    /// Sets how many requests wait for their commit.
    pub fn committing(&self, requests: u32) {
        self.gauge("adjudica_commits_waiting").set(f64::from(requests));
    }

    /// Sets how many calls of policies run or wait.
    pub fn busy(&self, calls: u32) {
        self.gauge("adjudica_policy_calls").set(f64::from(calls));
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// The counter `name` with these labels.
    pub fn counter(&self, name: &'static str, labels: Vec<Label>) -> Counter {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
    }

    /// The durations `name`, in seconds, with these labels; the name ends in `_seconds`.
    pub fn histogram(&self, name: &'static str, labels: Vec<Label>) -> Histogram {
        self.recorder.register_histogram(&Key::from_parts(name, labels), &METADATA)
    }

    fn gauge(&self, name: &'static str) -> Gauge {
        self.recorder.register_gauge(&Key::from_parts(name, Vec::new()), &METADATA)
    }
}
