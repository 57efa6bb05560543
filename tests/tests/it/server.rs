//! The host as its clients call it: bad input, decisions, batches, policies, activations, sockets; the main path on both databases.
#![expect(
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "a helper of a test may fail the test, and takes what is written in place"
)]

mod activations;
mod bad_input;
mod batch;
mod changes;
mod conditions;
pub(crate) mod database;
mod decisions;
mod docs;
mod groups;
mod guest;
mod harness;
mod records;
mod signatures;
mod sockets;
mod taken_back;
mod why_not;
mod worker;

/// Makes one test for each database out of each function; each gets its own empty database and a host on it.
macro_rules! on_both {
    ($($module:ident { $($name:ident),+ $(,)? })+) => {
        mod sqlite {
            $(mod $module { $(#[tokio::test]
                async fn $name() {
                    let bench = crate::server::harness::Bench::start().await;
                    crate::server::$module::$name(&bench).await;
                    bench.remove().await;
                })+ })+
        }
        mod postgres {
            $(mod $module { $(#[tokio::test]
                async fn $name() {
                    let bench = crate::server::harness::Bench::start_on_postgres().await;
                    crate::server::$module::$name(&bench).await;
                    bench.remove().await;
                })+ })+
        }
    };
}

on_both! {
    decisions {
        it_puts_gets_and_lists_encounters,
        it_says_that_no_policy_is_in_force,
        it_records_what_it_answers_byte_for_byte,
        it_counts_earlier_lines_and_replaces_earlier_decisions,
        it_gives_the_same_answer_for_the_same_key,
        it_gives_one_answer_to_the_same_key_sent_at_once,
        it_answers_what_if_without_keeping_anything,
        it_lets_exactly_the_limit_through_when_many_ask_at_once,
        it_keeps_a_trapping_policy_to_its_own_answers,
        it_decides_nothing_for_days_that_cannot_be_meant,
        it_replays_no_record_that_was_changed_and_checks_no_part_that_is_not_there,
    }
    groups {
        it_answers_each_of_many_that_commit_together,
        it_refuses_only_the_one_at_fault_in_a_group,
        it_keeps_what_others_wait_for_when_one_is_cut_off,
    }
    batch {
        it_answers_each_line_in_order,
        it_holds_limits_within_a_batch_and_replays_each_line_alone,
    }
    worker {
        it_decides_whatever_waits_and_says_how_far_it_is,
        it_decides_a_client_in_parts_while_others_have_their_turns,
        it_decides_the_rest_beside_rows_that_cannot_be_read,
        it_decides_others_beside_a_client_whose_ledger_never_stands_still,
        it_decides_changed_encounters_again_as_one_call_would,
        it_replays_decisions_about_an_encounter_that_moved_to_another_client,
    }
    records {
        it_keeps_records_and_their_versions,
        it_names_every_fault_of_records_and_keeps_none,
        it_decides_again_when_coverage_ends_retroactively,
        it_holds_while_enrolment_is_pending_and_pays_when_it_is_approved_with_a_back_date,
        it_names_a_missing_document_and_pays_once_it_is_on_file,
        it_says_who_renders_and_from_where_that_is_known,
        it_lets_exactly_one_of_a_hundred_have_the_last_authorized_unit,
        it_divides_amounts_between_payers_and_patient,
        it_gives_the_same_payable_set_in_any_order,
        it_leaves_undetermined_what_rests_on_a_record_that_cannot_be_read,
    }
    conditions {
        it_writes_only_what_is_as_the_caller_saw_it,
        it_takes_out_only_what_is_as_the_caller_saw_it,
        it_sends_nothing_that_the_caller_has,
        it_refuses_conditions_where_they_decide_nothing,
    }
    activations {
        it_keeps_and_shows_policy_files,
        it_says_why_an_activation_is_refused_and_what_may_surprise,
        it_refuses_overlaps_and_lists_them_unless_told_to_cut,
        it_rolls_back_and_remembers_what_was_known,
        it_follows_activations_of_other_hosts,
        it_starts_again_with_what_was_activated,
        it_starts_beside_a_policy_file_that_is_damaged,
    }
    changes {
        it_decides_what_was_imported_before_an_activation,
        it_reaches_the_days_that_change_hands_and_no_others,
        it_follows_new_terms_and_leaves_other_plans_alone,
        it_gives_no_answer_of_an_earlier_schedule_on_any_host,
        it_takes_a_policy_out_of_every_schedule_when_it_is_taken_back,
    }
    taken_back {
        it_takes_an_encounter_out_with_a_reason,
        it_bills_nothing_for_a_void,
        it_counts_a_replaced_claim_once_in_any_order,
        it_decides_facts_that_come_for_a_row_nobody_can_read,
    }
    why_not {
        it_names_what_is_missing_and_what_follows,
        it_tells_the_ways_out_with_the_refusal,
        it_tells_no_way_out_that_counts_nothing_of_its_own_batch,
    }
    signatures {
        it_activates_no_policy_that_its_publisher_took_back,
    }
}
