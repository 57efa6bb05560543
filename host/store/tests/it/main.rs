//! What every store promises, run on SQLite and on PostgreSQL. Each test gets its own empty database.

#![cfg(test)]

mod activations;
mod chain;
mod commits;
mod cut_off;
mod encounters;
mod ledger;
mod library;
mod plans;
mod records;
mod schema;
mod statements;
mod support;
mod withdrawals;
mod work;

/// Makes one test for each database out of each function.
macro_rules! on_both {
    ($($module:ident { $($name:ident),+ $(,)? })+) => {
        mod sqlite {
            $(mod $module { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let setup = crate::support::sqlite().await;
                    crate::$module::$name(&setup).await;
                    setup.drop_database().await;
                })+ })+
        }
        mod postgres {
            $(mod $module { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let setup = crate::support::postgres().await;
                    crate::$module::$name(&setup).await;
                    setup.drop_database().await;
                })+ })+
        }
    };
}

on_both! {
    encounters {
        it_gives_every_fact_back,
        it_inserts_all_or_none_and_names_every_duplicate,
        it_counts_what_a_long_import_writes_before_it_ends,
        it_names_ids_given_twice,
        it_refuses_counts_that_rows_cannot_hold,
        it_upserts_and_reports_what_changed,
        it_raises_the_revision_only_for_changes,
        it_lists_in_pages_and_by_filter,
        it_looks_at_a_bounded_number_of_encounters_for_a_page,
        it_reports_bad_rows_in_lists,
        it_keeps_agencies_apart,
    }
    work {
        it_queues_what_other_systems_insert,
        it_queues_what_other_systems_change,
        it_does_not_queue_an_update_that_changes_nothing,
        it_goes_round_the_waiting_clients_and_takes_no_more_than_a_turn_bears,
        it_passes_by_what_another_host_has_taken,
        it_keeps_bad_rows_as_faults_with_every_fault,
        it_takes_a_repaired_row_again,
        it_clears_places_whose_encounters_are_not_there,
        it_goes_on_beside_bytes_that_are_no_text,
        it_sets_a_client_aside_whose_ledger_cannot_be_read,
        it_decides_anew_where_the_decision_in_force_cannot_be_read,
        it_forgets_deleted_encounters,
        it_refuses_new_ids_for_an_encounter,
        it_loads_chosen_work_in_order,
        it_pages_through_history_by_client,
        it_takes_and_commits_thousands_at_once,
    }
    commits {
        it_keeps_a_decision_with_its_record,
        it_takes_a_decided_revision_out_of_the_queue,
        it_leaves_a_changed_revision_in_the_queue,
        it_lists_decisions_by_filter_and_sequence,
        it_looks_at_a_bounded_number_of_decisions_for_a_page,
        it_lists_the_rest_beside_a_decision_that_cannot_be_read,
        it_refuses_a_ledger_that_moved,
        it_refuses_a_decision_that_does_not_supersede_the_one_in_force,
        it_lets_one_of_two_commits_have_the_last_unit,
        it_notices_what_another_host_committed,
        it_confirms_what_is_in_force_beside_a_decision,
        it_writes_nothing_when_a_row_gets_lost,
        it_writes_nothing_of_a_refused_commit,
        it_names_every_contradiction_of_a_commit,
        it_answers_a_used_key_once,
        it_keeps_several_answers_or_none,
        it_writes_lines_and_findings_for_reports,
        it_refuses_a_decision_id_that_is_taken,
    }
    cut_off {
        it_keeps_what_is_acknowledged_after_others_hung_up,
        it_leaves_no_transaction_open,
    }
    ledger {
        it_bills_accepted_lines_in_order,
        it_takes_lines_back_when_superseded,
        it_takes_lines_back_from_the_client_they_were_billed_for,
        it_takes_lines_of_other_clients_back_after_all_else,
        it_reads_the_ledger_as_of_a_place,
    }
    chain {
        it_links_decisions_without_gaps,
        it_finds_a_changed_record,
        it_checks_a_long_chain_in_parts,
        it_finds_a_missing_tail_and_a_missing_link,
        it_does_not_fork_under_concurrent_appends,
        it_does_not_fork_over_several_agencies,
        it_refuses_to_change_or_delete,
    }
    activations {
        it_gives_changes_back,
        it_refuses_a_change_made_on_an_older_state,
        it_lets_one_of_two_changes_win,
        it_names_every_fault_of_a_change,
        it_refuses_policies_and_terms_that_are_not_there,
        it_makes_exactly_the_rerouted_decisions_stale,
        it_refuses_decisions_made_by_an_earlier_schedule,
        it_takes_a_policy_back_with_its_schedules,
    }
    library {
        it_keeps_policy_files_once,
        it_refuses_another_file_for_a_version,
        it_notices_bytes_that_changed,
        it_keeps_terms_once,
        it_counts_and_answers,
    }
    records {
        it_keeps_every_version_of_a_record,
        it_makes_stale_what_a_record_can_touch,
        it_revises_each_encounter_once_for_records_that_come_together,
        it_allows_one_case_manager_for_a_line_at_a_time,
        it_lets_one_of_two_case_managers_win,
        it_loads_what_decisions_need,
        it_makes_later_decisions_stale_when_an_earlier_day_is_billed,
    }
    withdrawals {
        it_gives_back_what_a_withdrawn_encounter_billed,
        it_gives_back_what_another_system_deletes,
        it_refuses_decisions_about_what_was_taken_out,
        it_decides_anew_what_comes_in_again,
        it_takes_no_decision_about_what_was_taken_out_for_one_about_what_came_in_again,
        it_goes_on_with_the_revision_of_a_replaced_row,
        it_gives_back_what_nobody_can_read_any_more,
        it_leaves_alone_what_was_mended_since_it_was_read,
        it_stores_an_encounter_with_the_decision_about_it,
    }
    schema {
        it_opens_the_same_database_twice,
        it_has_the_kinds_of_records_as_rows,
        it_refuses_tables_that_a_newer_release_has_changed,
        it_leaves_the_tables_of_another_program_alone,
    }
}
