//! How late the three answers about a job show its end, and which setting moves which of them.
//!
//! A poller asked for each of them ten times a second, so that the delays are those of the caches;
//! a busy machine adds some tenths of a second.

use serde::Deserialize;

use crate::recording::Recording;

/// Seconds that polling and a busy machine may add: arbitrary.
const SLACK: f64 = 1.5;

#[derive(Debug, Deserialize)]
struct Case {
    setting: String,
    ended_by: String,
    #[serde(rename = "seconds_from_request_until_shown")]
    shown: Shown,
    now: Now,
}

#[derive(Debug, Deserialize)]
struct Shown {
    details: f64,
    jobs: f64,
    /// Of a stop only.
    statistics: Option<f64>,
    operation: Option<f64>,
}

/// The field `now` of the details.
#[derive(Debug, Deserialize)]
struct Now {
    asked: usize,
    distinct: usize,
    oldest_ms: f64,
}

/// Cases by setting: how old the details, and how old the statistics can be.
fn ages(version: &str, setting: &str) -> (f64, f64) {
    // Before 1.18 both are one cache.
    let has_own_key = ["1.20.5", "2.3.0"].contains(&version);
    match setting {
        "default" => (3.0, 3.0),
        "web.refresh-interval: 10000" => (10.0, 10.0),
        "web.refresh-interval: 500" => (0.5, 0.5),
        "web.refresh-interval: 10000, rest.cache.checkpoint-statistics.timeout: 1 s" => {
            (10.0, if has_own_key { 1.0 } else { 10.0 })
        }
        "rest.cache.checkpoint-statistics.timeout: 10 s" => (3.0, 10.0),
        _ => panic!("unknown setting {setting}"),
    }
}

fn cases() -> Vec<(&'static str, Case)> {
    let versions = ["1.13.6", "1.17.2", "1.20.5", "2.3.0"];
    let read = |version| Recording::<Case>::read("caches", version).cases;
    versions.into_iter().flat_map(|v| read(v).into_iter().map(move |case| (v, case))).collect()
}

#[test]
fn details_and_statistics_are_at_most_as_old_as_their_setting() {
    for (version, case) in cases() {
        let (details, statistics) = ages(version, &case.setting);
        assert!(case.shown.details <= details + SLACK, "{version} {case:?}");
        assert_eq!(case.shown.statistics.is_some(), case.ended_by == "stop");
        assert!(case.shown.statistics.unwrap_or(0.0) <= statistics + SLACK, "{version} {case:?}");
    }
}

#[test]
fn the_list_of_jobs_and_operations_come_from_no_cache() {
    for (version, case) in cases() {
        assert!(case.shown.jobs <= SLACK, "{version} {case:?}");
        assert!(case.shown.operation.unwrap_or(0.0) <= SLACK, "{version} {case:?}");
    }
}

#[test]
fn the_clock_in_cached_details_is_not_cached() {
    for (version, case) in cases() {
        assert_eq!(case.now.asked, case.now.distinct, "{version} {case:?}");
        assert!(case.now.oldest_ms < 1000.0, "{version} {case:?}");
    }
}

#[test]
fn in_old_versions_details_and_statistics_come_from_one_cache() {
    for (version, case) in cases() {
        if let ("1.13.6" | "1.17.2", Some(statistics)) = (version, case.shown.statistics) {
            assert!((case.shown.details - statistics).abs() < 0.3, "{version} {case:?}");
        }
    }
}

#[test]
fn in_new_versions_either_of_the_two_can_be_the_older_one() {
    let (mut details_first, mut statistics_first) = (0, 0);
    for (version, case) in cases() {
        let Some(statistics) = case.shown.statistics else { continue };
        if ["1.13.6", "1.17.2"].contains(&version) {
            continue;
        }
        details_first += usize::from(case.shown.details + 0.5 < statistics);
        statistics_first += usize::from(statistics + 0.5 < case.shown.details);
    }
    assert!(details_first > 0 && statistics_first > 0, "{details_first} {statistics_first}");
}
