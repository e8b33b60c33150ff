//! A recorded answer, read as the client reads one.

use flinkk8soperator_flink_rest::{Error, response};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn parse<A: DeserializeOwned>(status: u16, response: &Value) -> Result<A, Error> {
    let body = serde_json::to_vec(response).unwrap();
    response::parse(StatusCode::from_u16(status).unwrap(), &body)
}
