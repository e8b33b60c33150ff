//! The command line: the reference operator's flags, one for each key of the configuration, and the
//! subcommands.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use flinkk8soperator_runtime::config::{Sources, keys};

/// Flags of the reference operator's logging library: taken, so that its manifests start, and without
/// effect.
const WITHOUT_EFFECT: [&str; 5] =
    ["logtostderr", "alsologtostderr", "stderrthreshold", "v", "vmodule"];

/// The whole command line.
pub(crate) fn command() -> Command {
    let command = Command::new("flinkk8soperator")
        .about("Runs Apache Flink applications on Kubernetes. Without a subcommand: the operator.")
        .version(env!("CARGO_PKG_VERSION"))
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
    let keys = keys::KEYS.iter().map(flag);
    let ignored = WITHOUT_EFFECT.iter().map(|name| {
        let flag = Arg::new(*name).long(*name).hide(true).num_args(0..=1).require_equals(true);
        if *name == "v" { flag.short('v') } else { flag }
    });
    let (simulate, replay) = (crate::simulate::command(), crate::replay::command());
    let subcommands = [render(), hash(), simulate, replay, crate::preflight::command()];
    command.args(keys).args(ignored).subcommands(subcommands)
}

fn flag(key: &'static keys::Key) -> Arg {
    Arg::new(key.name)
        .long(key.name)
        .value_name("VALUE")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .help(format!("{} [{}]", key.meaning, key.default))
        .hide_short_help(true)
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
    Sources {
        file: matches.get_one::<PathBuf>("config").cloned(),
        environment: std::env::vars().collect(),
        flags: keys::KEYS.iter().filter_map(given).collect(),
        ..Sources::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_reference_operators_manifest_starts() {
        let line = ["flinkoperator", "--logtostderr", "--config", "/etc/x/config*/config.yaml"];
        let matches = command().try_get_matches_from(line).unwrap();
        let file = matches.get_one::<PathBuf>("config").unwrap();
        assert_eq!(file.to_str(), Some("/etc/x/config*/config.yaml"));
    }

    #[test]
    fn every_key_is_a_flag() {
        let line = ["x", "--operator.workers=7", "--operator.useKubectlProxy", "--logger.level=5"];
        let matches = command().try_get_matches_from(line).unwrap();
        let flags = sources(&matches).flags;
        let expected = [
            ("operator.workers", "7"),
            ("operator.useKubectlProxy", "true"),
            ("logger.level", "5"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(flags, expected);
    }
}
