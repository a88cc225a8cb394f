/* Converters that try what they may not. Usage: attacks NAME key=value...
 *
 * Exit status 0: the attack reached its aim, and "{}" is printed. 42: the kernel refused it. The keys: canary (a folder
 * that everyone may use, holding the file `file`, the socket `socket`), process (one of the same user), port (TCP and
 * UDP on loopback), abstract (the name of an abstract socket).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char *canary, *abstract;
static pid_t process;
static int port;
static char text[4096];

static const char *in(const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", canary, name);
    return path;
}

#define TRY(name) static int name(void)
/* Reached when the call does not fail. */
#define REACHED(call) return (call) >= 0 ? 0 : errno

/* Files. */
TRY(read_canary) { int f = open(in("file"), O_RDONLY); REACHED(f < 0 ? -1 : read(f, text, 1)); }
TRY(read_passwd) { int f = open("/etc/passwd", O_RDONLY); REACHED(f < 0 ? -1 : read(f, text, 1)); }
TRY(list_canary) { REACHED(opendir(canary) ? 0 : -1); }
TRY(write_canary) { REACHED(open(in("file"), O_WRONLY)); }
TRY(append_canary) { REACHED(open(in("file"), O_WRONLY | O_APPEND)); }
TRY(create_canary) { REACHED(open(in("new"), O_WRONLY | O_CREAT, 0600)); }
TRY(tmpfile_canary) { REACHED(open(canary, O_WRONLY | O_TMPFILE, 0600)); }
TRY(truncate_canary) { REACHED(truncate(in("file"), 1)); }
TRY(open_truncate_canary) { REACHED(open(in("file"), O_RDONLY | O_TRUNC)); }
TRY(unlink_canary) { REACHED(unlink(in("file"))); }
TRY(rename_canary) { char from[4096]; strcpy(from, in("file")); REACHED(rename(from, in("moved"))); }
TRY(mkdir_canary) { REACHED(mkdir(in("folder"), 0700)); }
TRY(chmod_canary) { REACHED(syscall(SYS_fchmodat, AT_FDCWD, in("file"), 0666)); }
TRY(chown_canary) { REACHED(chown(in("file"), getuid(), getgid())); }
TRY(touch_canary) { REACHED(utimensat(AT_FDCWD, in("file"), NULL, 0)); }
TRY(mark_canary) { REACHED(setxattr(in("file"), "user.x", "1", 1, 0)); }
TRY(link_canary) { REACHED(link(in("file"), "linked")); }
TRY(symlink_canary) { REACHED(symlink(in("file"), "symlinked")); }
TRY(pipe_in_scratch) { REACHED(mkfifo("pipe", 0600)); }
TRY(watch_canary) { int i = inotify_init1(0); REACHED(i < 0 ? -1 : inotify_add_watch(i, canary, IN_ALL_EVENTS)); }
TRY(walk_up_to_canary) {
    char path[8192] = "";
    for (int i = 0; i < 40; i++) strcat(path, "../");
    strcat(path, in("file") + 1);
    REACHED(open(path, O_RDONLY));
}
TRY(reopen_o_path) {
    int f = open(in("file"), O_PATH);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", f);
    REACHED(open(path, O_RDONLY));
}
TRY(reopen_input_for_writing) { REACHED(open(getenv("STATIOND_INPUT") ? getenv("STATIOND_INPUT") : in("file"), O_RDWR)); }
TRY(read_proc_self) { REACHED(open("/proc/self/maps", O_RDONLY)); }
TRY(write_proc_self_mem) { REACHED(open("/proc/self/mem", O_RDWR)); }
TRY(read_proc_of_process) { snprintf(text, sizeof text, "/proc/%d/cmdline", process); REACHED(open(text, O_RDONLY)); }
TRY(read_cpuinfo) { REACHED(open("/proc/cpuinfo", O_RDONLY)); }
TRY(read_sys) { REACHED(open("/sys/devices/system/cpu/online", O_RDONLY)); }
TRY(open_tty_master) { REACHED(open("/dev/ptmx", O_RDWR)); }
TRY(use_shared_memory_folder) { int f = shm_open("/stationd-test", O_RDWR | O_CREAT, 0600); shm_unlink("/stationd-test"); REACHED(f); }
TRY(open_by_new_call) {
    struct { unsigned long long flags, mode, resolve; } how = {0};
    REACHED(syscall(437, AT_FDCWD, in("file"), &how, sizeof how));
}

/* Programs. */
TRY(exec_shell) { execl("/bin/sh", "sh", "-c", "echo {}", NULL); return errno; }
TRY(exec_self) { execl("/proc/self/exe", "attacks", "nothing", NULL); return errno; }
TRY(exec_memory) {
    int from = open("/bin/true", O_RDONLY), to = memfd_create("x", 0);
    if (to < 0) return errno;
    while (sendfile(to, from, NULL, 1 << 20) > 0) {}
    if (vfork() == 0) { char *none[] = {"true", NULL}; fexecve(to, none, none); _exit(1); }
    int status; wait(&status);
    return status ? 1 : 0;
}
TRY(exec_written) {
    int to = open("written", O_WRONLY | O_CREAT, 0700), from = open(program_invocation_name, O_RDONLY);
    if (to < 0 || from < 0) return errno;
    while (sendfile(to, from, NULL, 1 << 20) > 0) {}
    close(to);
    execl("./written", "attacks", "nothing", NULL);
    return errno;
}

/* Network. */
static int connect_to(int family, int kind, int protocol) {
    int s = socket(family, kind, protocol);
    if (s < 0) return errno;
    if (family == AF_INET) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        REACHED(connect(s, (void *)&a, sizeof a));
    }
    return 0;
}
TRY(tcp_connect) { return connect_to(AF_INET, SOCK_STREAM, 0); }
TRY(udp_connect) { return connect_to(AF_INET, SOCK_DGRAM, 0); }
TRY(mptcp_connect) { return connect_to(AF_INET, SOCK_STREAM, 262); }
TRY(tcp6_socket) { return connect_to(AF_INET6, SOCK_STREAM, 0); }
TRY(netlink_socket) { return connect_to(AF_NETLINK, SOCK_RAW, 0); }
TRY(crypto_socket) { return connect_to(38, SOCK_SEQPACKET, 0); }
TRY(vsock_socket) { return connect_to(40, SOCK_STREAM, 0); }
TRY(socket_pair) { int s[2]; REACHED(socketpair(AF_UNIX, SOCK_STREAM, 0, s)); }
TRY(tcp_listen) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0) return errno;
    REACHED(listen(s, 1));
}
TRY(fast_open) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0) return errno;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    REACHED(sendto(s, "x", 1, MSG_FASTOPEN, (void *)&a, sizeof a));
}
static int unix_connect(const char *path, int is_abstract) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s < 0) return errno;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path + is_abstract, path, sizeof a.sun_path - 2);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + is_abstract + strlen(path);
    REACHED(connect(s, (void *)&a, length));
}
TRY(unix_path_connect) { return unix_connect(in("socket"), 0); }
TRY(unix_abstract_connect) { return unix_connect(abstract, 1); }

/* Processes. */
TRY(fork_child) { pid_t p = fork(); if (p == 0) _exit(0); REACHED(p); }
TRY(vfork_child) { pid_t p = vfork(); if (p == 0) _exit(0); REACHED(p); }
TRY(clone3_child) { unsigned long long a[11] = {[4] = SIGCHLD}; long p = syscall(435, a, 64); if (p == 0) _exit(0); REACHED(p); }
TRY(become_daemon) { REACHED(daemon(1, 1)); }
TRY(new_session) { if (fork() > 0) { wait(NULL); return 0; } REACHED(setsid()); }
TRY(kill_process) { REACHED(kill(process, 0)); }
TRY(kill_parent) { REACHED(kill(getppid(), 0)); }
TRY(kill_all) { REACHED(kill(-1, 0)); }
TRY(kill_thread_of_process) { REACHED(syscall(SYS_tgkill, process, process, 0)); }
TRY(queue_signal) { union sigval v = {0}; REACHED(sigqueue(process, 0, v)); }
TRY(open_process) { REACHED(syscall(434, process, 0)); }
TRY(limit_process) { struct rlimit l = {64, 64}; REACHED(prlimit(getpid(), RLIMIT_NOFILE, &l, NULL)); }
TRY(limits_of_process) { struct rlimit l; REACHED(prlimit(process, RLIMIT_NOFILE, NULL, &l)); }
TRY(slow_process) { REACHED(setpriority(PRIO_PROCESS, process, 19)); }
TRY(pin_process) { cpu_set_t s; CPU_ZERO(&s); CPU_SET(0, &s); REACHED(sched_setaffinity(process, sizeof s, &s)); }
TRY(be_traced) { REACHED(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
TRY(read_memory_by_call) {
    struct iovec mine = {text, 8}, theirs = {text, 8};
    REACHED(process_vm_readv(getpid(), &mine, 1, &theirs, 1, 0));
}
TRY(signal_owner) {
    int p[2];
    if (pipe(p)) return errno;
    REACHED(fcntl(p[0], F_SETOWN, process));
}
TRY(dump_again) { REACHED(prctl(PR_SET_DUMPABLE, 1)); }
TRY(stop_dying_with_parent) { REACHED(prctl(PR_SET_PDEATHSIG, 0)); }

/* Namespaces and the kernel. */
TRY(user_namespace) { REACHED(unshare(CLONE_NEWUSER)); }
TRY(user_and_network_namespace) { REACHED(unshare(CLONE_NEWUSER | CLONE_NEWNET)); }
TRY(clone_namespace) { long p = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); if (p == 0) _exit(0); REACHED(p); }
TRY(ring) { char p[120] = {0}; REACHED(syscall(425, 1, p)); }
TRY(add_key) { REACHED(syscall(SYS_add_key, "user", "stationd-test", "x", 1, -3)); }
TRY(session_key) { REACHED(syscall(SYS_keyctl, 0, -3, 0)); }
TRY(own_filter) { REACHED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ?: syscall(SYS_seccomp, 2, 0, &(unsigned){0x7fff0000})); }
TRY(own_landlock) { unsigned long long h[1] = {1}; REACHED(syscall(444, h, sizeof h, 0)); }
TRY(other_personality) { REACHED(personality(ADDR_NO_RANDOMIZE)); }
TRY(shared_segment) { int s = shmget(IPC_PRIVATE, 4096, 0600); shmctl(s, IPC_RMID, NULL); REACHED(s); }
TRY(message_queue) { mqd_t q = mq_open("/stationd-test", O_CREAT | O_RDWR, 0600, NULL); mq_unlink("/stationd-test"); REACHED(q); }
TRY(timer_for_signals) { timer_t t; REACHED(timer_create(CLOCK_MONOTONIC, NULL, &t)); }
TRY(pinned_memory) { REACHED(mlock(text, 1)); }
TRY(anonymous_file) { REACHED(memfd_create("x", 0)); }
TRY(sealed_file) { REACHED(memfd_create("x", MFD_ALLOW_SEALING)); }
TRY(kernel_log) { REACHED(syscall(SYS_syslog, 10, NULL, 0)); }
#ifdef __x86_64__
TRY(call_by_interrupt) { long p; __asm__ volatile("int $0x80" : "=a"(p) : "a"(20) : "memory"); REACHED(p > 0 ? 0 : -1); }
/* The process id by the number that programs with 32-bit pointers use. */
TRY(call_of_x32) { REACHED(syscall(0x40000000 + SYS_getpid)); }
TRY(ldt) { struct { unsigned a, b, c, d; } e = {0}; REACHED(syscall(SYS_modify_ldt, 0, &e, sizeof e)); }
#endif

/* Descriptors and limits. */
TRY(inherited_descriptor) {
    for (int n = 3; n < 1024; n++) if (fcntl(n, F_GETFD) >= 0) return 0;
    dup2(0, 100); /* Unconfined there is mostly none either: then show that one would be found. */
    REACHED(fcntl(100, F_GETFD));
}
TRY(many_descriptors) { for (int n = 0; n < 200; n++) if (dup(0) < 0) return errno; return 0; }
TRY(executable_number) { REACHED(dup2(0, 500)); }
TRY(much_memory) {
    for (int n = 0; n < 30; n++) { char *m = malloc(10 << 20); if (!m) { fputs("Cannot allocate memory\n", stderr); return ENOMEM; } memset(m, 1, 10 << 20); }
    return 0;
}
TRY(much_shared_memory) {
    for (int n = 0; n < 60; n++) {
        char *m = mmap(NULL, 10 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (m == MAP_FAILED) { fputs("Cannot allocate memory\n", stderr); return ENOMEM; }
        memset(m, 1, 10 << 20);
    }
    return 0;
}
static void *wait_for_ever(void *none) { pause(); return none; }
TRY(many_threads) {
    pthread_t t;
    for (int n = 0; n < 60; n++) if (pthread_create(&t, NULL, wait_for_ever, NULL)) { fputs("Cannot allocate memory\n", stderr); return EAGAIN; }
    return 0;
}
static int wait_bare(void *none) { pause(); return none != NULL; }
TRY(bare_threads) {
    enum { COUNT = 400, STACK = 4096, OF_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };
    char *stack = mmap(NULL, COUNT * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) return errno;
    for (int n = 0; n < COUNT; n++) if (clone(wait_bare, stack += STACK, OF_THREAD, NULL) < 0) return errno;
    return 0;
}
TRY(fill_scratch_by_one) {
    int f = open("one", O_WRONLY | O_CREAT, 0600);
    static char block[1 << 20];
    for (int n = 0; n < 20; n++) if (write(f, block, sizeof block) < 0) return errno;
    return 0;
}
static void slowly(void) { nanosleep(&(struct timespec){1, 0}, NULL); }
TRY(fill_scratch_by_many) {
    static char block[1 << 20];
    for (int n = 0; n < 20; n++) {
        snprintf(text, sizeof text, "f%d", n);
        int f = open(text, O_WRONLY | O_CREAT, 0600);
        if (write(f, block, sizeof block) < 0) return errno;
        close(f);
    }
    slowly(); slowly();
    return 0;
}
TRY(fill_scratch_by_names) {
    for (int n = 0; n < 12000; n++) { snprintf(text, sizeof text, "f%d", n); close(open(text, O_WRONLY | O_CREAT, 0600)); }
    slowly(); slowly();
    return 0;
}
TRY(fill_scratch_by_depth) {
    for (int n = 0; n < 200; n++) { if (mkdir("d", 0700) || chdir("d")) return errno; }
    slowly(); slowly();
    return 0;
}
/* A file that takes a MiB and has no name. */
static int nameless(void) {
    static char block[1 << 20];
    int f = open("nameless", O_RDWR | O_CREAT | O_EXCL, 0600);
    return f < 0 || unlink("nameless") || write(f, block, sizeof block) < 0 ? -1 : f;
}
TRY(fill_scratch_by_shut_folder) {
    static char block[1 << 20];
    if (mkdir("shut", 0300)) return errno;
    for (int n = 0; n < 20; n++) {
        snprintf(text, sizeof text, "shut/f%d", n);
        int f = open(text, O_WRONLY | O_CREAT, 0600);
        if (write(f, block, sizeof block) < 0) return errno;
        close(f);
    }
    slowly(); slowly();
    chmod("shut", 0700); /* The sandbox never gets here; others clear it away. */
    return 0;
}
TRY(fill_scratch_by_nameless) { for (int n = 0; n < 20; n++) if (nameless() < 0) return errno; slowly(); slowly(); return 0; }
TRY(fill_scratch_by_mapped) {
    for (int n = 0; n < 20; n++) {
        int f = nameless();
        if (f < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, f, 0) == MAP_FAILED) return errno;
        close(f);
    }
    slowly(); slowly();
    return 0;
}
/* Its descriptors are not those of the process. */
static int fill_nameless(void *failed) { for (int n = 0; n < 20; n++) if (nameless() < 0) *(volatile int *)failed = 1; return wait_bare(NULL); }
TRY(fill_scratch_by_thread) {
    static char stack[1 << 16];
    static volatile int failed;
    int flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    if (clone(fill_nameless, stack + sizeof stack, flags, (void *)&failed) < 0) return errno;
    slowly(); slowly();
    return failed ? ENOSPC : 0;
}
/* The first thread, by whose entry in /proc a process is looked at, is gone. */
static int fill_mapped(void *none) {
    syscall(SYS_nanosleep, &(struct timespec){0, 100000000}, NULL);
    for (int n = 0; n < 20; n++) {
        int f = nameless();
        if (f < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, f, 0) == MAP_FAILED) _exit(42);
        close(f);
    }
    slowly(); slowly();
    _exit(write(1, "{}\n", 3) == 3 && !none ? 0 : 42);
}
TRY(fill_scratch_without_first_thread) {
    static char stack[1 << 16];
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    if (clone(fill_mapped, stack + sizeof stack, flags, NULL) < 0) return errno;
    return (int)syscall(SYS_exit, 0);
}
TRY(reserve_disk) {
    int f = open("reserved", O_RDWR | O_CREAT, 0600);
    return f < 0 || fallocate(f, FALLOC_FL_KEEP_SIZE, 0, 64 << 20) ? errno : 0;
}
TRY(burn) { for (volatile long n = 0; clock() < 2 * CLOCKS_PER_SEC; n++) {} return 0; }
TRY(burn_without_signal) { signal(SIGXCPU, SIG_IGN); for (volatile long n = 0; clock() < 4 * CLOCKS_PER_SEC; n++) {} return 0; }
TRY(wait_long) { slowly(); slowly(); slowly(); return 0; }
TRY(wait_ignoring_signals) { for (int n = 1; n < 32; n++) signal(n, SIG_IGN); slowly(); slowly(); slowly(); return 0; }
TRY(flood_output) { static char block[1 << 16]; for (int n = 0; n < 48; n++) fwrite(block, 1, sizeof block, stdout); return 0; }
TRY(flood_errors) { static char block[1 << 16]; for (int n = 0; n < 96; n++) fwrite(block, 1, sizeof block, stderr); return 0; }
TRY(nothing) { return 0; }

#define A(name) {#name, name}
static const struct { const char *name; int (*attack)(void); } attacks[] = {
    A(read_canary), A(read_passwd), A(list_canary), A(write_canary), A(append_canary), A(create_canary),
    A(tmpfile_canary), A(truncate_canary), A(open_truncate_canary), A(unlink_canary), A(rename_canary), A(mkdir_canary),
    A(chmod_canary), A(chown_canary), A(touch_canary), A(mark_canary), A(link_canary), A(symlink_canary),
    A(pipe_in_scratch), A(watch_canary), A(walk_up_to_canary), A(reopen_o_path), A(reopen_input_for_writing),
    A(read_proc_self), A(write_proc_self_mem), A(read_proc_of_process), A(read_cpuinfo), A(read_sys), A(open_tty_master),
    A(use_shared_memory_folder), A(open_by_new_call), A(exec_shell), A(exec_self), A(exec_memory), A(exec_written),
    A(tcp_connect), A(udp_connect), A(mptcp_connect), A(tcp6_socket), A(netlink_socket), A(crypto_socket),
    A(vsock_socket), A(socket_pair), A(tcp_listen), A(fast_open), A(unix_path_connect), A(unix_abstract_connect),
    A(fork_child), A(vfork_child), A(clone3_child), A(become_daemon), A(new_session), A(kill_process), A(kill_parent),
    A(kill_all), A(kill_thread_of_process), A(queue_signal), A(open_process), A(limit_process), A(limits_of_process),
    A(slow_process), A(pin_process), A(be_traced), A(read_memory_by_call), A(signal_owner), A(dump_again),
    A(stop_dying_with_parent), A(user_namespace), A(user_and_network_namespace), A(clone_namespace), A(ring), A(add_key),
    A(session_key), A(own_filter), A(own_landlock), A(other_personality), A(shared_segment), A(message_queue),
    A(timer_for_signals), A(pinned_memory), A(anonymous_file), A(sealed_file), A(kernel_log),
#ifdef __x86_64__
    A(call_by_interrupt), A(call_of_x32), A(ldt),
#endif
    A(inherited_descriptor), A(many_descriptors), A(executable_number), A(much_memory), A(much_shared_memory),
    A(many_threads), A(bare_threads), A(fill_scratch_by_one), A(fill_scratch_by_many), A(fill_scratch_by_names),
    A(fill_scratch_by_depth), A(fill_scratch_by_shut_folder), A(fill_scratch_by_nameless), A(fill_scratch_by_mapped),
    A(fill_scratch_by_thread), A(fill_scratch_without_first_thread), A(reserve_disk),
    A(burn), A(burn_without_signal), A(wait_long), A(wait_ignoring_signals), A(flood_output), A(flood_errors), A(nothing),
};

int main(int count, char **arguments) {
    for (int n = 2; n < count; n++) {
        if (!strncmp(arguments[n], "canary=", 7)) canary = arguments[n] + 7;
        if (!strncmp(arguments[n], "abstract=", 9)) abstract = arguments[n] + 9;
        if (!strncmp(arguments[n], "process=", 8)) process = atoi(arguments[n] + 8);
        if (!strncmp(arguments[n], "port=", 5)) port = atoi(arguments[n] + 5);
    }
    for (unsigned n = 0; n < sizeof attacks / sizeof *attacks; n++) {
        if (count < 2 || strcmp(attacks[n].name, arguments[1])) continue;
        int error = attacks[n].attack();
        if (error) fprintf(stderr, "%s: %s\n", arguments[1], strerror(error));
        else puts("{}");
        return error ? 42 : 0;
    }
    return 2;
}
