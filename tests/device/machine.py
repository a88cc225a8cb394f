"""A Debian machine in qemu: its disks, and what it says on its serial line."""
import pathlib, queue, re, shutil, subprocess, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent

# Not the newest cores: Cortex-A72 is a usual one on controllers, Cortex-A15 the newest 32-bit one that `virt` knows.
# amd64 without cmpxchg16b, which qemu 7.2 emulates wrongly: Linux 6.12 dies of it.
QEMU = {
    "amd64": ["qemu-system-x86_64", "-M", "q35", "-cpu", "qemu64,-cx16"],
    "arm64": ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"],
    "armhf": ["qemu-system-arm", "-M", "virt,highmem=off", "-cpu", "cortex-a15"],
}

# What Linux calls the serial line there.
SERIAL = {"amd64": "ttyS0", "arm64": "ttyAMA0", "armhf": "ttyAMA0"}

# What only slows a boot down that nobody logs into.
MASKED = ["getty@tty1.service", "serial-getty@ttyAMA0.service", "serial-getty@ttyS0.service", "apt-daily.timer",
          "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
          "systemd-timesyncd.service", "systemd-networkd-wait-online.service"]

UNIT = """[Unit]
Description=Device test
RequiresMountsFor=/payload
After=multi-user.target stationd.service network-online.target
[Service]
ExecStart=/bin/sh /payload/guest/main
StandardOutput=file:/dev/console
StandardError=journal
[Install]
WantedBy=multi-user.target
"""

# The addresses of qemu's user network: 10.0.2.2 is this machine's loopback.
NETWORK = "[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\n"


def debian(work, arch, series, kind="", packages=()):
    """Debian's files, of a kind with further packages, and its kernel of a series, made or fetched at the first time."""
    archive, kernel = work / f"{arch}{kind}.tar", work / f"{arch}-{series}"
    if not archive.exists():
        subprocess.run([HERE / "rootfs", arch, archive, *packages], check=True)
    if not (kernel / "version").exists():
        subprocess.run([HERE / "kernel", arch, series, kernel], check=True)
    return archive, kernel


def make_disk(folder, image, size=0):
    """An ext4 file system, with a journal, of what lies in a folder; by default with little room left."""
    if not size:
        used = subprocess.run(["du", "-sm", folder], check=True, stdout=subprocess.PIPE).stdout.split()[0]
        size = (int(used) * 5 // 4 + 32) << 20
    with open(image, "wb") as file:
        file.truncate(size)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, image], check=True)


def make_root(archive, image, mib=700):
    """The root disk: the Debian of `rootfs`, told to run our unit."""
    root = pathlib.Path(tempfile.mkdtemp(dir=image.parent))
    try:
        subprocess.run(["tar", "-C", root, "--numeric-owner", "-xf", archive], check=True)
        system = root / "etc/systemd/system"
        wants = system / "multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (root / "payload").mkdir()
        shutil.copy(HERE / "guest/bare", root / "bare")
        (root / "etc/fstab").write_text("/dev/vda / ext4 defaults,noatime 0 0\n/dev/vdb /payload ext4 ro 0 0\n")
        (root / "etc/hostname").write_text("device\n")
        (root / "etc/hosts").write_text("127.0.0.1 localhost device\n")
        # A fixed id, and no work of a first boot: presets, hardware database, linker cache.
        (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        for marker in ("etc/.updated", "var/.updated"):
            (root / marker).touch()
        (root / "etc/systemd/network").mkdir(parents=True, exist_ok=True)
        (root / "etc/systemd/network/device.network").write_text(NETWORK)
        (wants / "systemd-networkd.service").symlink_to("/lib/systemd/system/systemd-networkd.service")
        # On a busy host a disk may take minutes to appear, which is no reason for the emergency shell.
        (root / "etc/systemd/system.conf.d").mkdir(parents=True, exist_ok=True)
        (root / "etc/systemd/system.conf.d/device.conf").write_text(
            "[Manager]\nDefaultTimeoutStartSec=900s\nDefaultDeviceTimeoutSec=900s\n")
        (system / "device.service").write_text(UNIT)
        (wants / "device.service").symlink_to("/etc/systemd/system/device.service")
        for unit in MASKED:
            (system / unit).unlink(missing_ok=True)
            (system / unit).symlink_to("/dev/null")
        make_disk(root, image, mib << 20)
    finally:
        shutil.rmtree(root)


class Machine:
    """One boot, from power on to power off or cut."""

    def __init__(self, arch, kernel, root, payload, words, log, mib=512):
        drives = []
        for number, (image, options) in enumerate(((root, ""), (payload, ",readonly=on"))):
            drives += ["-drive", f"if=none,id=d{number},file={image},format=raw{options}",
                       "-device", f"virtio-blk-pci,drive=d{number}"]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*QEMU[arch], "-accel", "tcg,thread=multi", "-smp", "2", "-m", str(mib), "-display", "none", "-monitor", "none",
             "-nodefaults", "-no-reboot", "-serial", "stdio",
             "-kernel", kernel / "kernel", "-initrd", kernel / "initrd",
             "-append", f"console={SERIAL[arch]} rw quiet loglevel=1 systemd.show_status=0 net.ifnames=0 {words}", *drives,
             "-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,romfile=",
             "-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = queue.Queue()
        threading.Thread(target=self._listen, args=(log,), daemon=True).start()

    def _listen(self, log):
        with open(log, "ab") as kept:
            for line in self.process.stdout:
                kept.write(line)
                kept.flush()
                # The power may go within a line: only a whole one counts.
                found = re.search(rb"DEVICE (.*?)\r?\n$", line)
                if found:
                    self.lines.put(found[1].decode(errors="replace"))
        self.lines.put(None)

    def said(self, seconds):
        """What the machine says, line by line, until it is off or `seconds` are over."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                return
            if line is None:
                return
            yield line

    def cut(self):
        """The power goes: what the machine had in memory is lost. Gives what it said before and was not read yet."""
        self.process.kill()
        self.process.wait()
        return list(self.said(5))

    def off(self):
        """Waits until the machine has powered off, on a busy host for longer than a unit may take; says whether it did."""
        try:
            self.process.wait(300)
            return True
        except subprocess.TimeoutExpired:
            self.cut()
            return False
