//! Values of namespaces and releases of Flink: which of them wins, and what is refused.

use super::other_values::OTHER;
use super::*;

const FILE: &str = "
operator:
  timeouts: { savepoint: 30m, jobStart: 4m }
  retries: { rollback: 3 }
  namespaces:
    team-a: { timeouts: { savepoint: 1h }, confirmAfter: 2m }
  FlinkVersions:
    1.20: { flinkPoll: { busy: 3s } }
    \"1.13\": { timeouts: { clusterStart: 20m, savepoint: 45m }, retries: { rollback: '' } }
";

fn minutes(span: Duration) -> u64 {
    span.as_secs() / 60
}

#[test]
fn a_namespace_wins_over_a_release_of_flink_and_that_over_the_operator() {
    let settings = file(FILE).unwrap().settings.applications;
    let of = |namespace: &str, version: Option<&str>| {
        let settings = settings.of(namespace, version);
        let limits = [settings.timeouts.savepoint, settings.timeouts.cluster_start];
        (limits.map(minutes), settings.confirm_after.as_secs(), settings.core.retries.rollback)
    };
    assert_eq!(of("team-b", Some("1.18.1")), ([30, 10], 30, Some(3)));
    assert_eq!(of("team-b", None), ([30, 10], 30, Some(3)));
    assert_eq!(of("team-b", Some("1.13.6")), ([45, 20], 30, None));
    assert_eq!(of("team-a", Some("latest")), ([60, 10], 120, Some(3)));
    assert_eq!(of("team-a", Some("v1.13")), ([60, 20], 120, None));
    // As it stands in the file, where YAML would take it for the number 1.2.
    assert_eq!(settings.of("x", Some("1.20.0")).core.flink_poll.busy, Duration::from_secs(3));
    assert_eq!(settings.of("x", Some("1.2.0")).core.flink_poll.busy, Duration::from_secs(1));
}

#[test]
fn a_default_of_other_keys_gives_way_to_what_a_layer_sets_itself() {
    let text = "operator: {maxErrDuration: 6m, flinkVersions: {'1.13': {timeouts: {submit: 1m}}}}";
    let settings = file(text).unwrap().settings.applications;
    let limits = settings.of("x", Some("1.13")).timeouts;
    assert_eq!([limits.submit, limits.confirm].map(minutes), [1, 6]);
}

#[test]
fn flags_and_the_environment_reach_a_layer_by_the_same_keys() {
    let file = written(FILE);
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let sources = Sources {
        file: Some(file.path().to_owned()),
        environment: vec![
            pair("OPERATOR.NAMESPACES.TEAM-A.CONFIRMAFTER", "3m"),
            pair("OPERATOR.NAMESPACES.TEAM-A.TIMEOUTS.SAVEPOINT", "2h"),
            pair("OPERATOR.FLINKVERSIONS.1.13.CONFIRMAFTER", "5m"),
        ],
        flags: vec![pair("operator.namespaces.team-a.timeouts.savepoint", "3h")],
        ..Sources::default()
    };
    let settings = load(&sources).unwrap().settings.applications;
    let team = settings.of("team-a", None);
    assert_eq!([team.timeouts.savepoint, team.confirm_after].map(minutes), [180, 3]);
    assert_eq!(minutes(settings.of("x", Some("1.13")).confirm_after), 5);
}

#[test]
fn every_key_of_an_application_can_stand_in_a_layer_and_no_other() {
    let mut told = (0, 0);
    for key in keys::KEYS.iter().filter(|key| key.effect == keys::Effect::Full) {
        let within = key.name.strip_prefix("operator.").unwrap_or(key.name);
        let other = OTHER.iter().find(|pair| pair.0 == key.name).unwrap().1;
        for name in [
            format!("operator.namespaces.a.{within}"),
            format!("operator.flinkVersions.1.13.{within}"),
        ] {
            let loaded = flags(&[(&name, other)]);
            match key.holds() {
                keys::Holds::PerApplication => {
                    let loaded = loaded.unwrap();
                    let settings = loaded.settings.applications;
                    assert_ne!(settings.of("a", Some("1.13")), &settings.common, "{name}");
                    assert_eq!(settings.of("b", Some("1.14")), &settings.common, "{name}");
                    assert_eq!(loaded.warnings, [] as [String; 0]);
                    told.0 += 1;
                }
                keys::Holds::FromStart | keys::Holds::AtOnce
                    if key.name.starts_with("operator.") =>
                {
                    let wrong = loaded.unwrap_err().to_string();
                    let right = format!("it is one value for all applications: set {}", key.name);
                    assert!(wrong.starts_with(&name) && wrong.ends_with(&right), "{wrong}");
                    told.1 += 1;
                }
                keys::Holds::FromStart | keys::Holds::AtOnce => {
                    assert!(loaded.unwrap().warnings[0].contains("unknown key"), "{name}");
                }
            }
        }
    }
    assert!(told.0 > 30 && told.1 > 30, "{told:?}");
}

#[test]
fn what_is_wrong_in_a_layer_is_told_by_its_whole_name() {
    for (text, right) in [
        ("namespaces: {a: {confirmAfter: soon}}", "operator.namespaces.a.confirmAfter (from "),
        (
            "namespaces: {Team_A: {confirmAfter: 1m}}",
            "\"Team_A\" cannot be the name of a namespace",
        ),
        ("namespaces: {a.b: {confirmAfter: 1m}}", "\"a.b\" cannot be the name of a namespace"),
        ("namespaces: {a: 5m}", "it takes keys"),
        ("namespaces: [a]", "it takes keys"),
        ("flinkVersions: {'1.13.2': {confirmAfter: 1m}}", "\"1.13.2\" is no release of Flink"),
        ("flinkVersions: {latest: {confirmAfter: 1m}}", "\"latest\" is no release of Flink"),
        (
            "flinkVersions: {1.13: {confirmAfter: {a: 1m}}}",
            "operator.flinkVersions.1.13.confirmAfter (from ",
        ),
    ] {
        let told = file(&format!("operator: {{{text}}}")).unwrap_err().to_string();
        assert!(told.contains(right), "{text}: {told}");
    }
    let loaded = file("operator: {namespaces: {a: {wrkers: 1}}}").unwrap();
    assert!(loaded.warnings[0].starts_with("unknown key operator.namespaces.a.wrkers "));
}

#[test]
fn what_does_not_go_together_is_refused_wherever_it_comes_together() {
    let told = |text: &str| file(&format!("operator: {{{text}}}")).unwrap_err().to_string();
    let plain = told("confirmAfter: 11m");
    assert!(
        plain.starts_with("operator.confirmAfter (from ") && plain.contains("(11m0s)"),
        "{plain}"
    );
    let short = told("maxErrDuration: 20s");
    assert!(short.starts_with("operator.maxErrDuration (from "), "{short}");
    let layer = told("namespaces: {a: {timeouts: {confirm: 10s}}}");
    assert!(layer.starts_with("operator.namespaces.a.timeouts.confirm (from "), "{layer}");
    assert!(layer.contains("confirmAfter for namespace a (30s)"), "{layer}");
    // Each alone is right.
    let both = told(
        "timeouts: {confirm: 30m}, flinkVersions: {'1.13': {confirmAfter: 20m}}, \
         namespaces: {a: {timeouts: {confirm: 15m}}}",
    );
    assert!(both.starts_with("operator.namespaces.a.timeouts.confirm (from "), "{both}");
    assert!(both.contains("confirmAfter for Flink 1.13 in namespace a (20m0s)"), "{both}");
}

#[test]
fn what_is_in_force_for_an_application_is_told_with_where_it_comes_from() {
    let path = written(FILE);
    let settings = load(&Sources { file: Some(path.path().to_owned()), ..Sources::default() });
    let settings = settings.unwrap().settings;
    let from = path.path().display().to_string();
    let all = settings.effective();
    let own: Vec<&str> =
        all[keys::KEYS.len()..].iter().map(|setting| setting.key.as_str()).collect();
    let right = [
        "operator.flinkVersions.1.13.retries.rollback",
        "operator.flinkVersions.1.13.timeouts.clusterStart",
        "operator.flinkVersions.1.13.timeouts.savepoint",
        "operator.flinkVersions.1.20.flinkPoll.busy",
        "operator.namespaces.team-a.confirmAfter",
        "operator.namespaces.team-a.timeouts.savepoint",
    ];
    assert_eq!(own, right);

    let team = Scope::namespace("team-a").ok();
    let there = settings.effective_for(team, Some("1.13".parse().unwrap()));
    assert_eq!(there.len(), keys::KEYS.len());
    let told = |key: &str| {
        let setting = there.iter().find(|setting| setting.key == key).unwrap();
        (setting.value.as_str(), setting.origin.as_str())
    };
    let origin = |name: &str| format!("{name} ({from})");
    let savepoint = origin("operator.namespaces.team-a.timeouts.savepoint");
    assert_eq!(told("operator.timeouts.savepoint"), ("1h", savepoint.as_str()));
    let start = origin("operator.flinkVersions.1.13.timeouts.clusterStart");
    assert_eq!(told("operator.timeouts.clusterStart"), ("20m", start.as_str()));
    assert_eq!(told("operator.timeouts.jobStart"), ("4m", from.as_str()));
    assert_eq!(told("operator.timeouts.submit"), ("5m", "default"));
}
