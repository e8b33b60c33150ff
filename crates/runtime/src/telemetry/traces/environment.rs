//! The standard variables that OpenTelemetry's libraries do not read themselves, or read without a word of what is wrong.
//!
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>

use std::path::PathBuf;

use http::Uri;

/// What makes traces impossible.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    /// No address.
    #[error("{variable}: {value:?} is no address such as http://collector:4318")]
    Endpoint { variable: &'static str, value: String },
    /// Another protocol.
    #[error(
        "{variable}: {value:?} is not spoken here, only http/protobuf (port 4318 of most collectors)"
    )]
    Protocol { variable: &'static str, value: String },
    /// Another sampler than the library has, or one without its number.
    #[error("{variable}: {value:?} {right}")]
    Sampler { variable: &'static str, value: String, right: &'static str },
    /// The authority of the collector's certificate.
    #[error("{CERTIFICATE}: {} has no certificate in PEM: {why}", path.display())]
    Certificate { path: PathBuf, why: String },
    /// No authority at all.
    #[error("no authority for https is known here: name a file with one in {CERTIFICATE}: {0}")]
    Authority(String),
    /// In the words of the library.
    #[error("{0}")]
    Exporter(String),
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";

/// Where traces go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Environment {
    /// With the path for traces.
    pub(super) endpoint: Uri,
    /// The authority that the collector's certificate has to be of; none: those of the system.
    pub(super) certificate: Option<PathBuf>,
}

impl Environment {
    /// None: no traces are wanted. A variable that is empty is as if it were not set.
    pub(super) fn read(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Environment>, Wrong> {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let is = |name: &str, word: &str| {
            set(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
        };
        // For traces alone, or for all that is sent.
        let either = |own: &'static str, general: &'static str| {
            let find = |name: &'static str| set(name).map(|value| (name, value.trim().to_owned()));
            find(own).or_else(|| find(general))
        };
        if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        let Some((variable, value)) = either("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ENDPOINT) else {
            return Ok(None);
        };
        let path = if variable == ENDPOINT { "/v1/traces" } else { "" };
        let endpoint =
            format!("{}{path}", if path.is_empty() { &value } else { value.trim_end_matches('/') });
        let endpoint = endpoint.parse::<Uri>().ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        let endpoint = endpoint.ok_or(Wrong::Endpoint { variable, value })?;
        let protocol = either("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
        if let Some((variable, value)) = protocol.filter(|(_, value)| value != "http/protobuf") {
            return Err(Wrong::Protocol { variable, value });
        }
        sampler(&set)?;
        let certificate = either("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", CERTIFICATE);
        Ok(Some(Environment { endpoint, certificate: certificate.map(|(_, path)| path.into()) }))
    }
}

/// The library takes every span where it does not understand these.
fn sampler(set: &dyn Fn(&str) -> Option<String>) -> Result<(), Wrong> {
    let Some(value) = set(SAMPLER) else { return Ok(()) };
    match value.as_str() {
        "always_on" | "always_off" | "parentbased_always_on" | "parentbased_always_off" => Ok(()),
        "traceidratio" | "parentbased_traceidratio" => {
            let variable = "OTEL_TRACES_SAMPLER_ARG";
            let value = set(variable).unwrap_or_default();
            let share = value.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
            let right = "is no share from 0 to 1, such as 0.1";
            share.map(drop).ok_or(Wrong::Sampler { variable, value, right })
        }
        _ => {
            let right = "is none of always_on, always_off, traceidratio, and these with parentbased_ in front";
            Err(Wrong::Sampler { variable: SAMPLER, value, right })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>, String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Environment::read(&lookup).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn without_an_address_or_where_it_is_said_nothing_is_sent() {
        let address = (ENDPOINT, "http://collector:4318");
        for variables in [
            &[][..],
            &[(ENDPOINT, " ")],
            &[("OTEL_SERVICE_NAME", "x")],
            &[address, ("OTEL_SDK_DISABLED", "True")],
            &[address, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(read(variables), Ok(None), "{variables:?}");
        }
        assert!(read(&[address, ("OTEL_SDK_DISABLED", "false")]).unwrap().is_some());
    }

    #[test]
    fn the_address_for_all_gets_the_path_of_traces_and_the_one_for_traces_is_taken_as_it_is() {
        let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        for (variables, endpoint) in [
            (&[(ENDPOINT, "http://collector:4318")][..], "http://collector:4318/v1/traces"),
            (&[(ENDPOINT, "https://collector/otlp/")], "https://collector/otlp/v1/traces"),
            (&[(ENDPOINT, "http://other"), (own, "http://collector/in")], "http://collector/in"),
        ] {
            assert_eq!(read(variables).unwrap().unwrap().endpoint, endpoint);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_variable_and_what_would_be_right() {
        let address = (ENDPOINT, "http://collector:4318");
        let protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
        let argument = "OTEL_TRACES_SAMPLER_ARG";
        for (variables, named, right) in [
            (&[(ENDPOINT, "collector:4318")][..], ENDPOINT, "http://collector:4318"),
            (&[(ENDPOINT, "not an address")], ENDPOINT, "http://collector:4318"),
            (&[address, (protocol, "grpc")], protocol, "http/protobuf"),
            (&[address, (SAMPLER, "some")], SAMPLER, "parentbased_"),
            (&[address, (SAMPLER, "traceidratio")], argument, "0.1"),
            (&[address, (SAMPLER, "traceidratio"), (argument, "2")], argument, "0.1"),
        ] {
            let told = read(variables).expect_err("it is refused");
            assert!(told.starts_with(named) && told.contains(right), "{told}");
        }
        let share = [address, (SAMPLER, "parentbased_traceidratio"), (argument, "0.25")];
        assert!(read(&share).unwrap().is_some());
    }
}
