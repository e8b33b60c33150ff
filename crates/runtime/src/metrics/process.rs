//! The process and its runtime, under the names that every Prometheus client has for them.
//!
//! Read from `/proc/self` when it is asked for; where there is none (not Linux), the metrics are missing.
//! By hand: what is used of it are two files and two folders, and a crate for all of `/proc` is twenty times
//! as much.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

use super::gauge;

/// Ticks of a second in `/proc`: `USER_HZ`, 100 on every architecture that the operator is built for.
const TICKS: f64 = 100.0;

/// Reads when it is asked.
#[derive(Debug)]
pub(super) struct Process;

/// What the kernel says of this process.
#[derive(Debug, PartialEq)]
struct Told {
    cpu_seconds: f64,
    start_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
}

impl Told {
    /// From `/proc/self/stat`, `/proc/self/status` and `/proc/stat`.
    fn of(stat: &str, status: &str, system: &str) -> Option<Told> {
        // The name in parentheses can hold anything: what follows its end is counted from 3.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let line = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let boot = u32::try_from(line(system, "btime ")?).ok()?;
        Some(Told {
            cpu_seconds: (ticks(14)? + ticks(15)?) / TICKS,
            start_seconds: f64::from(boot) + ticks(22)? / TICKS,
            // In kB: `stat` counts pages, whose size differs.
            resident_bytes: line(status, "VmRSS:")? * 1024,
            virtual_bytes: line(status, "VmSize:")? * 1024,
            threads: line(status, "Threads:")?,
        })
    }

    fn read() -> Option<Told> {
        let text = |path| fs::read_to_string(path).ok();
        Told::of(&text("/proc/self/stat")?, &text("/proc/self/status")?, &text("/proc/stat")?)
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        if let Some(told) = Told::read() {
            let about = "CPU time, user and system";
            counter(encoder, "process_cpu_seconds", about, told.cpu_seconds)?;
            let about = "When the process began, since 1970";
            gauge(encoder, "process_start_time_seconds", about, &told.start_seconds)?;
            let about = "Memory that is resident";
            gauge(encoder, "process_resident_memory_bytes", about, &told.resident_bytes)?;
            let about = "Memory that is addressed";
            gauge(encoder, "process_virtual_memory_bytes", about, &told.virtual_bytes)?;
            gauge(encoder, "process_threads", "Threads", &told.threads)?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // The one that this is read through is gone again.
            let open = u64::try_from(open.count().saturating_sub(1)).unwrap_or(u64::MAX);
            gauge(encoder, "process_open_fds", "Open file descriptors", &open)?;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return Ok(()) };
        let metrics = runtime.metrics();
        let whole = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        gauge(
            encoder,
            "tokio_alive_tasks",
            "Tasks that are not over",
            &whole(metrics.num_alive_tasks()),
        )?;
        let about = "Tasks that are due and wait for a thread, but for those that a thread keeps for itself";
        gauge(encoder, "tokio_global_queue_depth", about, &whole(metrics.global_queue_depth()))?;
        let busy =
            (0..metrics.num_workers()).map(|worker| metrics.worker_total_busy_duration(worker));
        let about = "Time in which threads worked on tasks";
        counter(encoder, "tokio_busy_seconds", about, busy.map(|time| time.as_secs_f64()).sum())
    }
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    about: &str,
    number: f64,
) -> fmt::Result {
    let mut counter = encoder.encode_descriptor(name, about, None, MetricType::Counter)?;
    let none: Option<&Exemplar<[(&str, &str); 0], f64>> = None;
    counter.encode_counter(&number, none)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of `/proc/self/stat`, whose name is of the sort that breaks readers.
    const STAT: &str = "7 (a) b (c) S 1 7 7 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 4 0 12345 5000 300 \
        18446744073709551615 1 1 0 0 0 0 0 4096 17663 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";

    #[test]
    fn what_the_kernel_says_is_read_by_its_place() {
        let status = "Name:\ta) b (c\nVmSize:\t  5000 kB\nVmRSS:\t   300 kB\nThreads:\t4\n";
        let told = Told::of(STAT, status, "cpu 1 2\nbtime 1700000000\n");
        let right = Told {
            cpu_seconds: 3.0,
            start_seconds: 1_700_000_123.45,
            resident_bytes: 307_200,
            virtual_bytes: 5_120_000,
            threads: 4,
        };
        assert_eq!(told, Some(right));
        assert_eq!(Told::of("", status, "btime 1\n"), None);
    }

    #[test]
    fn this_process_has_memory_and_a_begin_in_the_past() {
        let told = Told::read().unwrap();
        let now = jiff::Timestamp::now().as_second();
        assert!(told.resident_bytes > 100_000 && told.threads >= 1, "{told:?}");
        assert!(told.start_seconds > 1_500_000_000.0 && told.start_seconds < now as f64 + 2.0);
    }
}
