// The parts of a Seatbelt profile that are the same for every policy: macOS's sandbox language.

const sysctlNames: readonly string[] = [
  ..."activecpu busfrequency_compat byteorder cacheconfig cachelinesize_compat cpufamily cpufrequency cpufrequency_compat cputype l1dcachesize_compat l1icachesize_compat l2cachesize_compat l3cachesize_compat logicalcpu logicalcpu_max machine memsize model ncpu nperflevels packages pagesize pagesize_compat physicalcpu physicalcpu_max tbfrequency_compat vectorunit"
    .split(" ")
    .map((name) => `hw.${name}`),
  "machdep.cpu.brand_string",
  ..."argmax hostname maxfilesperproc maxproc osproductversion osrelease ostype osvariant_status osversion secure_kernel usrstack64 version"
    .split(" ")
    .map((name) => `kern.${name}`),
  "sysctl.proc_cputype",
  "vm.loadavg",
];

const sysctlPrefixes: readonly string[] = [
  "hw.optional.arm.",
  "hw.optional.armv8_",
  "hw.perflevel",
  "kern.proc.pgrp.",
  "kern.proc.pid.",
  "net.routetable.",
];

const lines = (items: readonly string[], form: (item: string) => string): string =>
  items.map((item) => `  ${form(item)}`).join("\n");
const service = (name: string): string => `(global-name "${name}")`;

/**
 * What every command may do: run, know the machine, use terminals and semaphores, and read preferences.
 * Preferences are read-only, whatever the policy: there is no setting for it.
 */
export const seatbeltBase = `(version 1)
(deny default)

; processes
(allow process-exec)
(allow process-fork)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))

; the null device
(allow file-write-data
  (require-all (path "/dev/null") (vnode-type CHARACTER-DEVICE)))

; facts about the machine
(allow sysctl-read
${lines(sysctlNames, (name) => `(sysctl-name "${name}")`)}
${lines(sysctlPrefixes, (prefix) => `(sysctl-name-prefix "${prefix}")`)})
; Java tells kinds of cores apart by it
(allow sysctl-write (sysctl-name "kern.grade_cputype"))
(allow iokit-open (iokit-registry-entry-class "RootDomainUserClient"))
(allow mach-lookup
${lines(["com.apple.system.opendirectoryd.libinfo", "com.apple.PowerManagement.control"], service)})

; Python's locks between processes
(allow ipc-posix-sem)

; terminals
(allow pseudo-tty)
(allow file-read* file-write* file-ioctl (literal "/dev/ptmx"))
(allow file-read* file-write*
  (require-all (regex #"^/dev/ttys[0-9]+") (extension "com.apple.sandbox.pty")))
(allow file-ioctl (regex #"^/dev/ttys[0-9]+"))

; preferences, for reading only
(allow ipc-posix-shm-read* (ipc-posix-name-prefix "apple.cfprefs."))
(allow mach-lookup
  (global-name "com.apple.cfprefsd.daemon")
  (global-name "com.apple.cfprefsd.agent")
  (local-name "com.apple.cfprefsd.agent"))
(allow user-preference-read)`;

/** What programs need to use a network that they may use: name lookup, certificates, routes. */
export const seatbeltNetwork = `; the network
(allow network-outbound)
(allow network-inbound)
(allow system-socket (require-all (socket-domain AF_SYSTEM) (socket-protocol 2)))
(allow mach-lookup
${lines(
  [
    "com.apple.bsd.dirhelper",
    "com.apple.system.opendirectoryd.membership",
    "com.apple.SecurityServer",
    "com.apple.networkd",
    "com.apple.ocspd",
    "com.apple.trustd.agent",
    "com.apple.SystemConfiguration.DNSConfiguration",
    "com.apple.SystemConfiguration.configd",
  ],
  service,
)})
(allow sysctl-read (sysctl-name-regex #"^net.routetable"))`;

/** The system's own folders and devices, for policies that list what may be read. Nothing is writable. */
export const seatbeltSystemReads = `; what programs need of the system
(allow file-read* file-test-existence
${lines(
  [
    "/bin",
    "/sbin",
    "/usr",
    "/Library/Apple",
    "/Library/Preferences",
    "/private/var/db",
    "/System/Library",
    "/System/iOSSupport",
    "/opt/homebrew/lib",
    "/Applications",
    "/private/etc",
  ],
  (path) => `(subpath "${path}")`,
)})
(allow file-map-executable
${lines(
  ["/usr/lib", "/Library/Apple", "/System/Library", "/System/iOSSupport"],
  (path) => `(subpath "${path}")`,
)})
(allow file-read* file-test-existence
${lines(
  [
    "/",
    "/etc",
    "/tmp",
    "/var",
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
  ],
  (path) => `(literal "${path}")`,
)}
  (subpath "/dev/fd"))
(allow mach-lookup
${lines(
  [
    "com.apple.system.logger",
    "com.apple.logd",
    "com.apple.system.notification_center",
    "com.apple.trustd",
  ],
  service,
)})`;
