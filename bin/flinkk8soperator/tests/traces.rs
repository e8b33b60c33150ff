//! What the operator says of the variables for traces when it starts.
#![cfg(feature = "opentelemetry")]
#![expect(clippy::unwrap_used, reason = "helpers fail as the test itself would")]

use std::process::Command;

/// What it says with these variables, where there is no kubeconfig: it gets past its log.
fn told(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flinkk8soperator"));
    let kept = std::env::vars().filter(|(name, _)| !name.starts_with("OTEL_"));
    command.env_clear().envs(kept).envs(variables.iter().copied());
    let output = command.args(["--kubeconfig", "/nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_variables_of_traces_are_read_and_what_is_wrong_with_them_ends_nothing() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    assert!(!told(&[]).contains("traced"), "{}", told(&[]));
    assert!(told(&[endpoint]).contains("\"rounds are traced\""), "{}", told(&[endpoint]));
    let wrong = told(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!(wrong.contains("rounds are not traced"), "{wrong}");
    assert!(wrong.contains("OTEL_EXPORTER_OTLP_PROTOCOL: "), "{wrong}");
    assert!(wrong.contains("the kubeconfig cannot be used"), "{wrong}");
}
