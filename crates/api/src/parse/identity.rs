//! The name of the application, of which Services and labels are made.

use flinkk8soperator_core::Obstacle;
use kube::ResourceExt as _;

use super::rule::invalid;
use crate::v1beta1::FlinkApplication;

/// Longest name that works: `<name>-<8 digits of the hash>` names a Service, which has 63 characters
/// at most. (The CRD admits 44 for new applications: other deployment modes add more.)
const LIMIT: usize = 54;

/// A name that a Service cannot have.
pub(super) fn name(app: &FlinkApplication) -> Vec<Obstacle> {
    let name = app.name_any();
    let letter = |c: char| c.is_ascii_lowercase();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let mut found = Vec::new();
    if name.len() > LIMIT {
        let message = format!(
            "has {} characters; the Service <name>-<hash> needs a name of at most {LIMIT}",
            name.len()
        );
        found.push(invalid("metadata.name", message));
    }
    if !name.starts_with(letter) || !name.chars().all(plain) {
        found.push(invalid(
            "metadata.name",
            "must begin with a letter and hold only lower-case letters, digits and '-': Services have it",
        ));
    }
    found
}
