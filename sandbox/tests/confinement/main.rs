//! The sandbox as the daemon uses it: a real forker, real children, what they may and what they may not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cgroups;
mod failing;
mod jobs;
mod levels;
mod own_layer;
mod permissions;
mod runner;
mod sandbox;
mod signatures;

use std::ffi::OsString;
use std::process::ExitCode;

const TESTS: &[runner::Test] = tests![
    jobs::a_built_in_converter_answers,
    jobs::a_file_too_large_for_the_memory_is_rejected,
    jobs::an_external_converter_gets_its_input_twice_and_its_arguments,
    jobs::an_input_that_grows_before_its_copy_is_not_converted,
    jobs::an_exit_status_and_a_signal_are_told,
    jobs::too_much_output_ends_the_job,
    jobs::the_wall_clock_ends_a_job_that_waits,
    jobs::a_dropped_job_is_killed_and_its_folder_removed,
    jobs::jobs_run_at_the_same_time,
    jobs::a_killed_forker_is_replaced_and_the_job_repeated,
    permissions::a_python_converter_imports_from_its_own_folder,
    permissions::files_are_read_where_granted_and_nowhere_else,
    permissions::files_are_written_in_the_working_folder_alone,
    permissions::links_devices_modes_and_attributes_are_refused,
    permissions::no_network_of_any_family,
    permissions::a_shell_is_refused_nothing_at_its_start,
    permissions::threads_but_no_processes,
    permissions::no_job_has_threads_without_end,
    permissions::a_job_cannot_take_the_threads_of_the_one_beside_it,
    permissions::orphans_of_a_job_that_goes_on_are_buried,
    permissions::a_forbidden_call_ends_the_job_and_is_named,
    permissions::too_many_refused_calls_end_the_job,
    permissions::an_explanation_names_the_files_that_were_refused,
    permissions::nothing_of_the_daemon_is_inherited,
    permissions::each_limit_ends_the_job_under_its_name,
    permissions::files_count_wherever_a_converter_hides_them,
    jobs::a_folder_is_copied_for_the_converter,
    jobs::a_script_runs_by_its_interpreter_line,
    jobs::a_program_that_cannot_run_is_told_apart,
    jobs::processes_only_where_allowed_and_none_is_left,
    jobs::a_trusted_converter_is_unconfined_but_limited,
    jobs::what_a_trusted_job_started_outlives_the_jobs_beside_it,
    jobs::when_memory_ends_a_converter_goes_before_the_forker,
    levels::a_kernel_without_landlock_refuses_external_converters,
    levels::best_effort_without_landlock_writes_nothing,
    levels::a_forker_that_finds_less_than_the_first_one_runs_nothing,
    levels::a_filter_around_the_daemon_is_told_from_an_old_kernel,
    levels::without_seccomp_no_external_converter_runs_at_all,
    levels::landlock_is_probed_for_real,
    own_layer::the_daemon_executes_nothing_and_makes_files_only,
    own_layer::files_are_moved_between_folders_all_the_same,
    own_layer::a_confined_daemon_gets_another_forker,
    own_layer::without_landlock_the_daemon_says_so_and_goes_on,
    jobs::a_job_whose_forker_dies_is_repeated,
    jobs::a_forker_whose_layer_lacks_a_folder_gives_way_and_ends_its_jobs,
    jobs::what_a_dead_forker_left_is_removed_by_the_next,
    signatures::a_signed_program_runs_confined,
    signatures::an_unsigned_or_altered_converter_never_runs,
    signatures::what_was_signed_runs_whatever_becomes_of_the_file,
    signatures::a_signed_script_has_nothing_beside_it,
    signatures::a_signed_zip_of_python_modules_runs,
    cgroups::memory_that_no_rlimit_counts_ends_the_job,
    cgroups::a_fork_bomb_meets_the_number_of_processes,
    cgroups::processes_share_one_cpu_and_its_time,
    cgroups::nothing_of_a_job_survives_its_cgroup,
];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first
        .as_deref()
        .is_some_and(|first| first == stationd_sandbox::FORKER_ARGUMENT)
    {
        return stationd_sandbox::forker_main(arguments);
    }
    // As the daemon does, before anything else.
    stationd_sandbox::harden_process().unwrap();
    let arguments: Vec<OsString> = first.into_iter().chain(arguments).collect();
    runner::run(TESTS, &arguments)
}
