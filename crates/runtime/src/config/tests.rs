//! Every key, every source, and what is refused.

mod layers;
#[path = "../../tests/simulated/other_values.rs"]
pub(super) mod other_values;

use std::io::Write;

use tempfile::NamedTempFile;

use super::*;
use other_values::with_other;

/// A file of its own for each call: tests run side by side.
fn written(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".yaml").unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn file(text: &str) -> Result<Loaded, ConfigError> {
    let file = written(text);
    load(&Sources { file: Some(file.path().to_owned()), ..Sources::default() })
}

pub(super) fn flags(pairs: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let flags = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    // A file that is there keeps those of the surroundings out.
    let file = written("");
    load(&Sources { file: Some(file.path().to_owned()), flags, ..Sources::default() })
}

#[test]
fn a_list_of_namespaces_is_read_without_the_spaces_between_them() {
    let namespaces =
        |text: &str| flags(&[("operator.limitNamespace", text)]).unwrap().settings.namespaces;
    assert_eq!(namespaces("a, b"), ["a", "b"]);
    assert_eq!(namespaces(" a ,,b, "), ["a", "b"]);
    assert_eq!(namespaces(" "), Vec::<String>::new());
}

pub(super) fn shape(settings: &Settings) -> String {
    format!("{:?}", Settings { given: Vec::new(), ..settings.clone() })
}

#[test]
fn every_key_with_an_effect_changes_something() {
    let default = shape(&flags(&[]).unwrap().settings);
    for key in keys::KEYS.iter().filter(|key| key.effect == keys::Effect::Full) {
        let pairs = with_other(key.name);
        let loaded = flags(&pairs).unwrap();
        assert_ne!(shape(&loaded.settings), default, "{} changes nothing", key.name);
        assert_eq!(loaded.warnings, [] as [String; 0], "{}", key.name);
    }
}

#[test]
fn a_key_without_an_effect_is_checked_and_said_to_have_none() {
    for key in keys::KEYS.iter().filter(|key| key.effect == keys::Effect::NotYet) {
        let value = if key.name.contains("retries") { "3" } else { "3s" };
        let loaded = flags(&[(key.name, value)]).unwrap();
        assert!(loaded.warnings[0].contains("has no effect"), "{}", key.name);
        assert!(flags(&[(key.name, "nonsense")]).is_err(), "{}", key.name);
    }
}

#[test]
fn the_defaults_in_the_table_are_the_defaults() {
    let default = shape(&Settings::default());
    let spoken = ["operator.ignoredMetadata", "operator.maxErrDuration"];
    for key in keys::KEYS.iter().filter(|key| !spoken.contains(&key.name)) {
        let loaded = flags(&[(key.name, key.default)]).unwrap();
        assert_eq!(shape(&loaded.settings), default, "{}", key.name);
    }
}

#[test]
fn the_reference_operators_file_is_read() {
    let text = "operator:\n  ingressurlformat: \"{{$jobCluster}}.x\"\n  MAXERRDURATION: 6m\n  \
                workers: 9\nlogger:\n  level: 5\n  formatter:\n    type: text\n";
    let loaded = file(text).unwrap();
    let settings = loaded.settings;
    assert_eq!(settings.rendering.config.ingress_url_format, "{{$jobCluster}}.x");
    assert_eq!((settings.workers, settings.logger.level, settings.logger.json), (9, 5, false));
    assert_eq!(settings.applications.common.timeouts.savepoint, Duration::from_secs(360));
    assert_eq!(loaded.warnings, [] as [String; 0]);
}

#[test]
fn a_timeout_that_is_set_wins_over_the_one_for_all() {
    let text = "operator: {maxErrDuration: 6m, timeouts: {submit: 1m}, flinkJobVertexTimeout: 2m}";
    let limits = file(text).unwrap().settings.applications.common.timeouts;
    let minutes = [limits.submit, limits.job_start, limits.confirm].map(|span| span.as_secs() / 60);
    assert_eq!(minutes, [1, 2, 6]);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = written("operator: {workers: 1, profilerPort: 1, proxyPort: 1}");
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let sources = Sources {
        file: Some(file.path().to_owned()),
        environment: vec![pair("OPERATOR_WORKERS", "2"), pair("OPERATOR.PROFILERPORT", "2")],
        flags: vec![pair("operator.workers", "3")],
        ..Sources::default()
    };
    let settings = load(&sources).unwrap().settings;
    assert_eq!((settings.workers, settings.port), (3, 2));
    // In a simulation of what another operator left behind it is as that one was.
    let recorded = vec![pair("operator.workers", "4"), pair("operator.resyncPeriod", "5s")];
    let loaded = load(&Sources { recorded, ..sources }).unwrap();
    assert_eq!(loaded.settings.workers, 4);
    let from = "from the recorded operator_config";
    assert!(loaded.warnings.iter().any(|w| w.contains(from)), "{:?}", loaded.warnings);
}

#[test]
fn durations_are_gos_or_nanoseconds_and_lists_are_lists_or_texts() {
    let text =
        "operator: {confirmAfter: 5000000000, limitNamespace: [a, b], labelSelector: [a=b, '!c']}";
    let settings = file(text).unwrap().settings;
    assert_eq!(settings.label_selector.to_string(), "a=b,!c");
    assert_eq!(settings.applications.common.confirm_after, Duration::from_secs(5));
    assert_eq!(settings.namespaces, ["a", "b"]);
}

#[test]
fn what_nobody_knows_is_reported_and_passed_over() {
    let loaded = file("operator:\n  wrkers: 3\nother: {a: 1}\n").unwrap();
    assert_eq!(loaded.warnings.len(), 2);
    assert!(loaded.warnings.iter().any(|warning| warning.contains("operator.wrkers")));
    let nowhere = Sources { file: Some("/nowhere/*.yaml".into()), ..Sources::default() };
    assert!(load(&nowhere).unwrap().warnings[0].contains("/nowhere/*.yaml"));
}

#[test]
fn what_is_wrong_is_refused_with_its_key() {
    let check = |key: &str, value: &str| {
        let error = flags(&[(key, value)]).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    };
    check("operator.workers", "many");
    check("operator.labelSelector", "team in a");
    check("operator.confirmAfter", "-3s");
    check("operator.metricsPrefix", "");
    check("operator.profilerPort", "70000");
    check("operator.flinkAccess", "telepathy");
    check("operator.flinkPoll.busy", "0s");
    check("logger.mute", "perhaps");
    // Passed over, it would have the operator look after all applications.
    let section = file("operator: {labelSelector: {matchLabels: {team: a}}}").unwrap_err();
    let told = section.to_string();
    assert!(
        told.starts_with("operator.labelSelector (from ") && told.contains("no keys"),
        "{told}"
    );
    assert!(file("- a\n").is_err());
    assert!(file("operator: {").is_err());
}

#[test]
fn keys_of_the_leader_election_that_do_not_go_together_are_named_with_their_source() {
    let told = |pairs: &[(&str, &str)]| flags(pairs).map(drop).unwrap_err().to_string();
    let late = told(&[("operator.leaderElection.renewDeadline", "15s")]);
    assert!(late.starts_with("operator.leaderElection.renewDeadline (from flag"), "{late}");
    assert!(late.ends_with("has to be shorter than leaseDuration"), "{late}");
    // The one that was not set is named, too: it is the one that does not fit any more.
    let short = told(&[("operator.leaderElection.leaseDuration", "9s")]);
    let default = "operator.leaderElection.renewDeadline (from the defaults)";
    assert!(short.starts_with(default), "{short}");
    let off = [
        ("operator.leaderElection.leaseDuration", "9s"),
        ("operator.leaderElection.enabled", "false"),
    ];
    assert_eq!(flags(&off).unwrap().settings.leader_election, None);
}

#[test]
fn the_metrics_port_has_certificate_and_key_or_neither() {
    let cert = ("operator.metricsTls.certFile", "/tls/tls.crt");
    let key = ("operator.metricsTls.keyFile", "/tls/tls.key");
    let files = TlsFiles { cert: cert.1.into(), key: key.1.into() };
    assert_eq!(flags(&[cert, key]).unwrap().settings.metrics_tls, Some(files));
    assert_eq!(flags(&[(cert.0, ""), (key.0, "")]).unwrap().settings.metrics_tls, None);
    for (one, other) in [(cert, key), (key, cert)] {
        let told = flags(&[one, (other.0, "")]).unwrap_err().to_string();
        assert_eq!(told, format!("{} (from flag --{}): needs {}, too", one.0, one.0, other.0));
    }
}

#[test]
fn what_is_in_force_is_told_with_where_it_comes_from() {
    let path = written("operator: {workers: 7, maxErrDuration: 9m}");
    let pair = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let sources = Sources {
        file: Some(path.path().to_owned()),
        environment: pair("OPERATOR_STATUSREFRESH", "5s"),
        flags: pair("operator.timeouts.savepoint", "8m"),
        recorded: Vec::new(),
    };
    let settings = load(&sources).unwrap().settings;
    let effective = settings.effective();
    assert_eq!(effective.len(), keys::KEYS.len());
    let file = path.path().display().to_string();
    let told = |key: &str| {
        let setting = effective.iter().find(|setting| setting.key == key).unwrap();
        (setting.value.as_str(), setting.origin.as_str())
    };
    assert_eq!(told("operator.workers"), ("7", file.as_str()));
    assert_eq!(told("operator.statusRefresh"), ("5s", "environment OPERATOR_STATUSREFRESH"));
    assert_eq!(told("operator.timeouts.savepoint"), ("8m", "flag --operator.timeouts.savepoint"));
    let inherited = format!("operator.maxErrDuration ({file})");
    assert_eq!(told("operator.timeouts.confirm"), ("9m", inherited.as_str()));
    assert_eq!(told("operator.timeouts.jobStart"), ("9m", inherited.as_str()));
    assert_eq!(told("operator.confirmAfter"), ("30s", "default"));
}

/// What `effective` says of keys that take their default from another is what the settings are.
#[test]
fn a_key_without_a_value_has_that_of_the_key_that_is_its_default() {
    let all = [("operator.maxErrDuration", "9m"), ("operator.flinkJobVertexTimeout", "4m")];
    let settings = flags(&all).unwrap().settings;
    let limits = settings.applications.common.timeouts;
    let minutes = |key: &str| {
        let effective = settings.effective();
        let setting = effective.iter().find(|setting| setting.key == key).unwrap();
        flinkk8soperator_api::duration::parse(&setting.value).unwrap()
    };
    assert_eq!(limits.job_start, minutes("operator.timeouts.jobStart"));
    assert_eq!(limits.delete, minutes("operator.timeouts.delete"));
    assert_eq!((limits.job_start.as_secs(), limits.delete.as_secs()), (240, 540));
}
