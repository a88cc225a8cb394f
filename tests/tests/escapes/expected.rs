//! What each attack meets in the sandbox, and which may not even work without one.

/// What an attack meets, as `converter run` says it: outcome, then the kind of the first refused call or a word of
/// the reason.
pub(crate) type Expected = (&'static str, &'static str, &'static str);

/// Landlock refuses these, unseen by the forker: the program gives up with status 42.
pub(crate) const FILES: &[Expected] = &[
    ("read_canary", "failed", "42"),
    ("read_passwd", "failed", "42"),
    ("list_canary", "failed", "42"),
    ("write_canary", "failed", "42"),
    ("append_canary", "failed", "42"),
    ("create_canary", "failed", "42"),
    ("tmpfile_canary", "failed", "42"),
    ("open_truncate_canary", "failed", "42"),
    ("unlink_canary", "failed", "42"),
    ("rename_canary", "failed", "42"),
    ("mkdir_canary", "failed", "42"),
    ("walk_up_to_canary", "failed", "42"),
    ("reopen_o_path", "failed", "42"),
    ("reopen_input_for_writing", "failed", "42"),
    ("read_proc_self", "failed", "42"),
    ("write_proc_self_mem", "failed", "42"),
    ("read_proc_of_process", "failed", "42"),
    ("read_cpuinfo", "failed", "42"),
    ("read_sys", "failed", "42"),
    ("open_tty_master", "failed", "42"),
    ("use_shared_memory_folder", "failed", "42"),
    ("open_by_new_call", "failed", "42"),
    ("truncate_canary", "denied", "file"),
    ("chmod_canary", "denied", "file"),
    ("chown_canary", "denied", "file"),
    ("touch_canary", "denied", "file"),
    ("mark_canary", "denied", "file"),
    ("link_canary", "denied", "file"),
    ("symlink_canary", "denied", "file"),
    ("pipe_in_scratch", "denied", "file"),
    ("watch_canary", "denied", "file"),
];

pub(crate) const NETWORK: &[Expected] = &[
    ("tcp_connect", "denied", "network"),
    ("udp_connect", "denied", "network"),
    ("mptcp_connect", "denied", "network"),
    ("tcp6_socket", "denied", "network"),
    ("netlink_socket", "denied", "network"),
    ("crypto_socket", "denied", "network"),
    ("vsock_socket", "denied", "network"),
    ("socket_pair", "denied", "network"),
    ("tcp_listen", "denied", "network"),
    ("fast_open", "denied", "network"),
    ("unix_path_connect", "denied", "network"),
    ("unix_abstract_connect", "denied", "network"),
];

pub(crate) const PROCESSES: &[Expected] = &[
    ("exec_shell", "denied", "exec"),
    ("exec_self", "denied", "exec"),
    ("exec_memory", "denied", "exec"),
    ("exec_written", "denied", "exec"),
    ("anonymous_file", "denied", "exec"),
    ("sealed_file", "denied", "exec"),
    ("fork_child", "denied", "process"),
    ("vfork_child", "denied", "process"),
    // Unknown to the sandbox, as to an old kernel: libraries fall back to the older call.
    ("clone3_child", "failed", "42"),
    ("become_daemon", "denied", "process"),
    ("new_session", "denied", "process"),
    ("kill_process", "denied", "process"),
    ("kill_parent", "denied", "process"),
    ("kill_all", "denied", "process"),
    ("kill_thread_of_process", "denied", "process"),
    ("queue_signal", "denied", "process"),
    ("open_process", "denied", "process"),
    ("limit_process", "denied", "process"),
    ("limits_of_process", "denied", "process"),
    ("slow_process", "denied", "process"),
    ("pin_process", "denied", "process"),
    ("be_traced", "denied", "process"),
    ("read_memory_by_call", "denied", "process"),
    ("signal_owner", "denied", "kernel"),
    ("dump_again", "denied", "process"),
    ("stop_dying_with_parent", "denied", "process"),
];

pub(crate) const KERNEL: &[Expected] = &[
    ("user_namespace", "denied", "process"),
    ("user_and_network_namespace", "denied", "process"),
    ("clone_namespace", "denied", "process"),
    ("ring", "denied", "kernel"),
    ("add_key", "denied", "kernel"),
    ("session_key", "denied", "kernel"),
    ("own_filter", "denied", "process"),
    ("own_landlock", "denied", "kernel"),
    ("other_personality", "denied", "kernel"),
    ("shared_segment", "denied", "ipc"),
    ("message_queue", "denied", "ipc"),
    ("timer_for_signals", "denied", "ipc"),
    ("pinned_memory", "denied", "memory"),
    ("kernel_log", "denied", "kernel"),
    #[cfg(target_arch = "x86_64")]
    ("call_by_interrupt", "denied", ""),
    #[cfg(target_arch = "x86_64")]
    ("call_of_x32", "denied", ""),
    #[cfg(target_arch = "x86_64")]
    ("ldt", "denied", "kernel"),
];

pub(crate) const LIMITS: &[Expected] = &[
    ("inherited_descriptor", "failed", "42"),
    ("many_descriptors", "failed", "42"),
    ("executable_number", "failed", "42"),
    ("much_memory", "killed-limit", "memory_mib"),
    ("much_shared_memory", "killed-limit", "memory_mib"),
    ("many_threads", "killed-limit", "memory_mib"),
    // No memory is needed for them.
    ("bare_threads", "failed", "42"),
    ("fill_scratch_by_one", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_many", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_names", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_depth", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_shut_folder", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_nameless", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_mapped", "killed-limit", "scratch_mib"),
    ("fill_scratch_by_thread", "killed-limit", "scratch_mib"),
    ("fill_scratch_without_first_thread", "killed-limit", "scratch_mib"),
    ("reserve_disk", "denied", "file"),
    ("burn", "killed-limit", "cpu_s"),
    ("burn_without_signal", "killed-limit", "cpu_s"),
    ("wait_long", "killed-limit", "wall_s"),
    ("wait_ignoring_signals", "killed-limit", "wall_s"),
    ("flood_output", "killed-limit", "output_mib"),
    ("flood_errors", "killed-limit", "standard error"),
];

pub(crate) const PYTHON: &[Expected] = &[
    ("subprocess_run", "denied", "process"),
    ("system", "denied", "process"),
    ("popen", "denied", "process"),
    ("multiprocessing_pool", "denied", "process"),
    ("pseudo_terminal", "failed", "42"),
    ("url", "denied", "network"),
    ("name_lookup", "denied", "network"),
    ("event_loop", "denied", "network"),
    ("foreign_call", "denied", "process"),
    ("copy_tree", "failed", "42"),
    ("hidden_import", "failed", "42"),
    ("evaluated", "failed", "42"),
    ("database", "failed", "42"),
    ("crash", "crashed", "SIGSEGV"),
];

/// An attack that some systems have nothing for: its name, what it then says unconfined, and what is missing. With any
/// other answer it counts as one that should have worked.
pub(crate) type Missing = (&'static str, &'static [&'static str], &'static str);

/// What the kernel says to a user who may not make namespaces, or when it has none.
const NO_NAMESPACE: &[&str] = &["not permitted", "No space left", "Invalid argument"];

/// What some systems do not have, or not for ordinary users; all else must work unconfined.
pub(crate) const OPTIONAL: &[Missing] = &[
    (
        "crypto_socket",
        &["Address family not supported"],
        "the kernel has no AF_ALG sockets (CONFIG_CRYPTO_USER_API)",
    ),
    (
        "vsock_socket",
        &["Address family not supported"],
        "the kernel has no AF_VSOCK sockets (CONFIG_VSOCKETS)",
    ),
    (
        "mptcp_connect",
        &["Protocol not"],
        "the kernel has no multipath TCP (CONFIG_MPTCP, net.mptcp.enabled)",
    ),
    (
        "mark_canary",
        &["not supported"],
        "the temporary folder's file system has no user attributes",
    ),
    (
        "user_namespace",
        NO_NAMESPACE,
        "this user may not make namespaces (user.max_user_namespaces)",
    ),
    (
        "user_and_network_namespace",
        NO_NAMESPACE,
        "this user may not make namespaces (user.max_user_namespaces)",
    ),
    (
        "clone_namespace",
        NO_NAMESPACE,
        "this user may not make namespaces (user.max_user_namespaces)",
    ),
    (
        "foreign_call",
        NO_NAMESPACE,
        "this user may not make namespaces (user.max_user_namespaces)",
    ),
    (
        "ring",
        &["not implemented", "not permitted"],
        "io_uring is not there or off (CONFIG_IO_URING, kernel.io_uring_disabled)",
    ),
    (
        "kernel_log",
        &["not permitted"],
        "only root may read the kernel's log (kernel.dmesg_restrict)",
    ),
    (
        "message_queue",
        &["not implemented"],
        "the kernel has no POSIX message queues (CONFIG_POSIX_MQUEUE)",
    ),
    (
        "call_by_interrupt",
        &["SIGSEGV"],
        "the kernel has no 32-bit calls (CONFIG_IA32_EMULATION)",
    ),
    (
        "call_of_x32",
        &["not implemented"],
        "the kernel has no x32 calls (CONFIG_X86_X32_ABI)",
    ),
    (
        "ldt",
        &["not implemented"],
        "the kernel has no LDT (CONFIG_MODIFY_LDT_SYSCALL)",
    ),
    (
        "own_landlock",
        &["not implemented", "not supported"],
        "the kernel has no Landlock, or it is off",
    ),
];
