//! Many decisions in one request: NDJSON in, NDJSON out, in order, an answer for each line.

use std::sync::Arc;

use adjudica_core::Token;
use adjudica_service::Cause;
use adjudica_service::decide::asked::{Answered, Asked, Options};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{ApiError, HttpFault, Problem};
use crate::host::Host;
use crate::http::media::Media;
use crate::http::{parse_body, read_body, read_parsed};
use crate::wire::asking::Asking;
use crate::wire::query::Params;
use crate::wire::request::parse_decision_request;
use crate::wire::schema::BatchItem;

/// Wrong lines after which a batch is not read any further.
const WRONG_LINES_MAX: usize = 100;
/// Lines that are decided and recorded together.
const GROUP_LINES_MAX: usize = 500;

/// Decides many encounters: one request for a decision on each line, one decision or problem on each line of the answer.
///
/// Lines are decided in groups of up to 500 with equal options. Within a group, encounters of one client are decided in order of
/// date of service and count against each other's limits. A group is recorded whole before its answers are sent.
#[utoipa::path(post, path = "/v1/decisions/batch", tag = "decisions",
    request_body(content = String, content_type = "application/x-ndjson", description = "a `DecisionRequest` on each line"),
    responses((status = 200, description = "a `BatchItem` on each line; after 100 lines that cannot be read no further one is asked about, and the last item says so", body = BatchItem, content_type = "application/x-ndjson"),
              (status = 400, description = "wrong parameters", body = Problem, content_type = "application/problem+json"),
              (status = 413, description = "more than 8 MiB", body = Problem, content_type = "application/problem+json")))]
pub async fn post(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    // The whole body is read first, within its bound: a client that writes everything before it reads cannot stall.
    let bytes =
        read_body(body, Media::Lines, &headers, host.config.upload_bytes_max, host.config.body_timeout_ms).await?;
    let lines = Lines { host, agency: caller.agency, bytes, offset: 0, line: 0, next: None, wrong: 0 };
    let answers = stream::unfold(lines, |mut lines| async move {
        let group = lines.take_group();
        if group.is_empty() {
            return None;
        }
        let text = lines.decide(group).await;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), lines))
    });
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(answers)).into_response())
}

/// What became of one line before deciding.
enum Line {
    Asked(Asked, Options),
    Wrong(ApiError),
}

/// A body on its way, line by line.
struct Lines {
    host: Arc<Host>,
    agency: Token,
    bytes: Bytes,
    offset: usize,
    line: usize,
    /// A line that was read and belongs to the next group.
    next: Option<(usize, Line)>,
    /// Lines that are wrong by now.
    wrong: usize,
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Decision { line: usize, decision: &'a RawValue },
    Problem { line: usize, problem: Problem },
}

impl Lines {
    /// The next lines that have the same options, wrong ones among them.
    fn take_group(&mut self) -> Vec<(usize, Line)> {
        let mut group = Vec::new();
        let mut common: Option<Options> = None;
        while group.len() < GROUP_LINES_MAX
            && let Some((number, line)) = self.next.take().or_else(|| self.read_line())
        {
            if let Line::Asked(_, options) = &line {
                if common.as_ref().is_some_and(|common| common != options) {
                    self.next = Some((number, line));
                    break;
                }
                common.get_or_insert_with(|| options.clone());
            }
            group.push((number, line));
        }
        group
    }

    /// The next line that is not blank, with its number from 1.
    fn read_line(&mut self) -> Option<(usize, Line)> {
        loop {
            let rest = self.bytes.get(self.offset..).filter(|rest| !rest.is_empty())?;
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let text = rest.get(..length).unwrap_or_default().trim_ascii();
            let line = (!text.is_empty())
                .then(|| parse_line(text, self.line.saturating_add(1), self.host.config.body_bytes_max));
            self.offset = self.offset.saturating_add(length).saturating_add(1);
            self.line = self.line.saturating_add(1);
            if let Some(line) = line {
                return Some((self.line, self.counted(line)));
            }
        }
    }

    /// The line; where too many before it are wrong, that the rest is not read.
    fn counted(&mut self, line: Line) -> Line {
        if let Line::Asked(..) = line {
            return line;
        }
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong <= WRONG_LINES_MAX {
            return line;
        }
        self.offset = self.bytes.len();
        let public = format!(
            "{WRONG_LINES_MAX} lines before this one are wrong, so neither it nor the rest is read; mend those, and send the rest again"
        );
        Line::Wrong(ApiError::new(Cause::InvalidRequest, public))
    }

    async fn decide(&self, group: Vec<(usize, Line)>) -> String {
        let mut wrong = Vec::new();
        let mut asked = Vec::with_capacity(group.len());
        let mut common = None;
        for (number, line) in group {
            match line {
                Line::Asked(one, options) => {
                    asked.push(one);
                    common = Some(options);
                }
                Line::Wrong(error) => wrong.push((number, Err(error))),
            }
        }
        let mut answers: Vec<(usize, Result<Answered, ApiError>)> = wrong;
        if let Some(options) = &common {
            let decided = self.host.service.decisions.decide_many(&self.agency, asked, options).await;
            answers.extend(decided.into_iter().map(|(number, answer)| (number, answer.map_err(ApiError::from))));
        }
        answers.sort_by_key(|(number, _)| *number);
        let mut text = String::new();
        for (number, answer) in answers {
            text.push_str(&write_answer(number, answer));
            text.push('\n');
        }
        text
    }
}

fn parse_line(text: &[u8], number: usize, bytes_max: usize) -> Line {
    if text.len() > bytes_max {
        return Line::Wrong(ApiError::new(
            HttpFault::BodyTooLarge,
            format!("the line is larger than {bytes_max} bytes"),
        ));
    }
    let read = |value: &Value| parse_decision_request(value, number);
    match parse_body(text).and_then(|parsed| read_parsed(parsed, Cause::InvalidRequest, read)) {
        Ok((asked, options)) => Line::Asked(asked, options),
        Err(error) => Line::Wrong(error),
    }
}

fn write_answer(line: usize, answer: Result<Answered, ApiError>) -> String {
    let written = match answer {
        Ok(answered) => RawValue::from_string(answered.text)
            .and_then(|decision| serde_json::to_string(&Answer::Decision { line, decision: &decision })),
        Err(error) => serde_json::to_string(&Answer::Problem { line, problem: error.problem() }),
    };
    written.unwrap_or_else(|fault| {
        tracing::error!(%fault, "an answer of a batch could not be written");
        format!("{{\"line\":{line},\"problem\":{{\"code\":\"internal\"}}}}")
    })
}
