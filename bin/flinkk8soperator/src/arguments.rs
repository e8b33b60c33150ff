//! The command line: the reference operator's flags, one for each key of the configuration, and the
//! subcommands.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use flinkk8soperator_runtime::config::{Sources, keys};

/// Flags of the reference operator's logging library (klog 2.60) that are switches: taken, so that its manifests
/// start, and without effect.
const SWITCHES_WITHOUT_EFFECT: [&str; 6] = [
    "logtostderr",
    "alsologtostderr",
    "add_dir_header",
    "one_output",
    "skip_headers",
    "skip_log_headers",
];

/// Those that take a value.
const VALUES_WITHOUT_EFFECT: [&str; 7] = [
    "v",
    "vmodule",
    "stderrthreshold",
    "log_backtrace_at",
    "log_dir",
    "log_file",
    "log_file_max_size",
];

/// What flags for a namespace or a release of Flink begin with: the rest is not known before.
const LAYERS: [&str; 2] = ["operator.namespaces.", "operator.flinkVersions."];

/// The flags of these arguments that are for a namespace or a release of Flink.
pub(crate) fn layered(arguments: impl Iterator<Item = String>) -> BTreeSet<String> {
    let flag = |argument: String| {
        let flag = argument.strip_prefix("--")?;
        let name = flag.split_once('=').map_or(flag, |(name, _)| name);
        LAYERS.iter().any(|layer| name.starts_with(layer)).then(|| name.to_owned())
    };
    arguments.filter_map(flag).collect()
}

/// The whole command line, with these flags for namespaces and releases of Flink in it.
pub(crate) fn command(layered: &BTreeSet<String>) -> Command {
    let command = Command::new("flinkk8soperator")
        .about("Runs Apache Flink applications on Kubernetes. Without a subcommand: the operator.")
        .version(env!("CARGO_PKG_VERSION"))
        .after_long_help(
            "For a namespace, or a version of Flink: --operator.namespaces.NAME.KEY VALUE, \
             --operator.flinkVersions.1.20.KEY VALUE",
        )
        .subcommand_negates_reqs(true)
        .args_conflicts_with_subcommands(true)
        .arg(config())
        .arg(kubeconfig())
        .arg(path("trace", "Record every round in this file, as lines of JSON"));
    #[cfg(feature = "crash-points")]
    let command = command.arg(
        Arg::new("crash-at")
            .long("crash-at")
            .value_name("POINT")
            .value_parser(value_parser!(flinkk8soperator_runtime::crash::CrashPoint))
            .help("End the process at persist:N, before:EFFECT or after:EFFECT"),
    );
    let switches = SWITCHES_WITHOUT_EFFECT.map(|name| switch(Arg::new(name).long(name)).hide(true));
    let values = VALUES_WITHOUT_EFFECT.map(|name| {
        let flag = Arg::new(name).long(name).hide(true);
        if name == "v" { flag.short('v') } else { flag }
    });
    let (simulate, replay) = (crate::simulate::command(), crate::replay::command());
    let (config, preflight) = (crate::settings::command(layered), crate::preflight::command());
    let subcommands = [render(), hash(), config, simulate, replay, preflight];
    command.args(flags(layered)).args(switches).args(values).subcommands(subcommands)
}

/// A flag for each key, and these.
pub(crate) fn flags(layered: &BTreeSet<String>) -> impl Iterator<Item = Arg> {
    let layered = layered.iter().map(|name| {
        let arg = Arg::new(name.clone()).long(name.clone()).value_name("VALUE");
        if is_switch(name) { switch(arg) } else { arg }
    });
    keys::KEYS.iter().map(flag).chain(layered)
}

/// Whether the key at the end of this name is true or false.
fn is_switch(name: &str) -> bool {
    let mut switches = keys::KEYS.iter().filter(|key| ["true", "false"].contains(&key.default));
    let within = |key: &keys::Key| key.name.strip_prefix("operator");
    switches.any(|key| within(key).is_some_and(|within| name.ends_with(within)))
}

fn flag(key: &'static keys::Key) -> Arg {
    let flag = Arg::new(key.name)
        .long(key.name)
        .value_name("VALUE")
        .help(format!("{} [{}]", key.meaning, key.default))
        .hide_short_help(true);
    if is_switch(key.name) { switch(flag) } else { flag }
}

/// On where it stands alone; a value stands behind `=`, as with the reference operator's flags.
fn switch(flag: Arg) -> Arg {
    flag.num_args(0..=1).require_equals(true).default_missing_value("true")
}

/// The flags that were given and have no effect, to be told.
pub(crate) fn without_effect(matches: &ArgMatches) -> Vec<&'static str> {
    let all = SWITCHES_WITHOUT_EFFECT.into_iter().chain(VALUES_WITHOUT_EFFECT);
    all.filter(|name| matches.value_source(name) == Some(ValueSource::CommandLine)).collect()
}

pub(crate) fn config() -> Arg {
    path("config", "The operator's configuration file; * and ? are admitted")
}

pub(crate) fn kubeconfig() -> Arg {
    path("kubeconfig", "Kubeconfig; without one: KUBECONFIG, the cluster, ~/.kube/config")
}

pub(crate) fn path(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
}

fn render() -> Command {
    Command::new("render")
        .about("Prints the objects that the operator would create, as a YAML stream")
        .arg(file())
        .arg(config())
        .arg(
            Arg::new("incarnation")
                .long("incarnation")
                .value_name("N")
                .default_value("1")
                .value_parser(value_parser!(u32).range(1..))
                .help("Number of the cluster"),
        )
        .arg(
            Arg::new("reference")
                .long("reference")
                .action(ArgAction::SetTrue)
                .conflicts_with("incarnation")
                .help("What the reference operator would create"),
        )
}

fn hash() -> Command {
    Command::new("hash")
        .about("Prints `namespace/name hash` for each application")
        .arg(file())
        .arg(config())
}

pub(crate) fn file() -> Arg {
    path("file", "Applications: a YAML stream, JSON, or one JSON a line; - is standard input")
        .short('f')
        .required(true)
}

/// What is written; the subcommand says when.
pub(crate) fn output() -> Arg {
    Arg::new("output")
        .short('o')
        .long("output")
        .value_name("FORMAT")
        .default_value("text")
        .value_parser(PossibleValuesParser::new(["text", "json"]))
}

/// Where the settings come from.
pub(crate) fn sources(matches: &ArgMatches) -> Sources {
    let given = |key: &keys::Key| {
        // Subcommands have no such flags.
        let value = matches.try_get_one::<String>(key.name).ok().flatten()?;
        Some((key.name.to_owned(), value.clone()))
    };
    let layered = matches.ids().map(clap::Id::as_str);
    let layered = layered.filter(|id| LAYERS.iter().any(|layer| id.starts_with(layer)));
    let layered =
        layered.filter_map(|id| Some((id.to_owned(), matches.get_one::<String>(id)?.clone())));
    Sources {
        file: matches.get_one::<PathBuf>("config").cloned(),
        environment: std::env::vars().collect(),
        flags: keys::KEYS.iter().filter_map(given).chain(layered).collect(),
        ..Sources::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command(&BTreeSet::new()).debug_assert();
    }

    #[test]
    fn the_reference_operators_manifest_starts() {
        let line = ["flinkoperator", "--logtostderr", "--config", "/etc/x/config*/config.yaml"];
        let matches = command(&BTreeSet::new()).try_get_matches_from(line).unwrap();
        let file = matches.get_one::<PathBuf>("config").unwrap();
        assert_eq!(file.to_str(), Some("/etc/x/config*/config.yaml"));
        assert_eq!(without_effect(&matches), ["logtostderr"]);
    }

    #[test]
    fn the_flags_of_the_reference_operators_log_are_taken_in_each_form_and_told() {
        for (line, told) in [
            (&["x"][..], &[][..]),
            (&["x", "-v", "4"], &["v"]),
            (&["x", "-v=4", "--vmodule", "a=1"], &["v", "vmodule"]),
            (&["x", "--logtostderr=false", "--v=4"], &["logtostderr", "v"]),
            (&["x", "--stderrthreshold=2", "--log_dir", "/tmp"], &["stderrthreshold", "log_dir"]),
        ] {
            let matches = command(&BTreeSet::new()).try_get_matches_from(line).unwrap();
            assert_eq!(without_effect(&matches), told, "{line:?}");
        }
    }

    #[test]
    fn every_key_is_a_flag() {
        let line = [
            "x",
            "--operator.workers=7",
            "--operator.confirmAfter",
            "10s",
            "--operator.useKubectlProxy",
            "--operator.limitNamespace=",
            "--logger.level=5",
        ];
        let matches = command(&BTreeSet::new()).try_get_matches_from(line).unwrap();
        let mut flags = sources(&matches).flags;
        flags.sort();
        let expected = [
            ("logger.level", "5"),
            ("operator.confirmAfter", "10s"),
            ("operator.limitNamespace", ""),
            ("operator.useKubectlProxy", "true"),
            ("operator.workers", "7"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(flags, expected);
    }

    #[test]
    fn a_key_of_a_namespace_or_a_release_of_flink_is_a_flag() {
        let line = [
            "x",
            "--operator.namespaces.team-a.timeouts.savepoint",
            "1h",
            "--operator.namespaces.team-a.savepointSubdirectory",
            "--operator.flinkVersions.1.13.confirmAfter=2m",
            "--operator.workers=7",
        ];
        let names = layered(line.iter().map(|argument| (*argument).to_owned()));
        let mut flags = sources(&command(&names).try_get_matches_from(line).unwrap()).flags;
        flags.sort();
        let expected = [
            ("operator.flinkVersions.1.13.confirmAfter", "2m"),
            ("operator.namespaces.team-a.savepointSubdirectory", "true"),
            ("operator.namespaces.team-a.timeouts.savepoint", "1h"),
            ("operator.workers", "7"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(flags, expected);
    }
}
