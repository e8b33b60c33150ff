//! The rules across fields, and the bounds which the reference's schema does not have, as CEL.
//!
//! Each refuses only what cannot work, says what would be right, and bites only on create and when one
//! of the fields that it is about changes: an application that was stored before the rule existed still
//! gets its status and its finalizer written. That is what `optionalOldSelf` is for (Kubernetes 1.33);
//! the condition for it is made here, from the list of fields.
//!
//! A rule reads no field that the reference's schema does not list (`uiPort`, and all of ours): anything
//! may have been stored there, and a rule that meets a value of another type fails instead of being
//! passed over. Those fields have bounds in the schema alone, which the API server does not hold against
//! unchanged values (ratcheting, Kubernetes 1.33).
//!
//! Not here, since the API server does not show untyped values to rules: what flinkConfig says (more than
//! one JobManager needs high availability). Not here, since rules over lists without a bound exceed the
//! API server's budget: that every volume mount has its volume.

use serde_json::{Value, json};

use crate::schema::at;

/// Longest name of an application: with `-<8 digits of the hash>-<colour>-jm` behind it, it has to
/// be a DNS label (63 characters).
pub const NAME_LIMIT: usize = 44;

/// Flink's highest parallelism (`KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM`, 1.x and 2.x).
pub const PARALLELISM_LIMIT: i32 = 32_768;

/// One rule of the CRD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The schema that holds the rule, dotted, from the root; `self` in the condition.
    pub at: String,
    /// The fields that the rule is about, dotted, from `at`; none: `at` itself.
    pub fields: Vec<String>,
    /// What must hold, in CEL.
    pub condition: String,
    /// What would be right.
    pub message: String,
}

impl Rule {
    fn new(at: &str, fields: &[&str], condition: &str, message: &str) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        Self { at: at.into(), fields, condition: condition.into(), message: message.into() }
    }

    /// The rule as the CRD has it: the fields are what they were, or the condition holds.
    fn schema(&self) -> Value {
        let unchanged: String = match &self.fields[..] {
            [] => " && oldSelf.value() == self".into(),
            fields => fields.iter().map(|field| unchanged(field)).collect(),
        };
        json!({
            "rule": format!("oldSelf.hasValue(){unchanged} || ({})", self.condition),
            "message": self.message,
            "optionalOldSelf": true,
        })
    }
}

/// That a field is absent as before, or present with the value it had. (Comparing two optionals would
/// be shorter; but the API server then does not know how long they can be, and refuses the rule.)
fn unchanged(field: &str) -> String {
    let maybe = field.replace('.', ".?").replace("['", "[?'");
    format!(
        " && (self.?{maybe}.hasValue() \
         ? oldSelf.?{maybe}.hasValue() && oldSelf.?{maybe}.value() == self.{field} \
         : !oldSelf.?{maybe}.hasValue())"
    )
}

/// Adds the rules to the schema of the CRD.
pub(super) fn insert(schema: &mut Value) {
    for rule in rules() {
        let members = at(schema, &rule.at).expect("a rule is about a field of our types");
        let rules = members.entry("x-kubernetes-validations").or_insert(json!([]));
        let rules = rules.as_array_mut().expect("only rules are inserted under this keyword");
        rules.push(rule.schema());
    }
}

/// All rules.
pub fn rules() -> Vec<Rule> {
    let mut rules = whole_object();
    rules.push(ports_differ());
    for role in ["jobManagerConfig", "taskManagerConfig"] {
        rules.push(off_heap(role));
        rules.push(system(role));
        rules.extend(["cpu", "memory"].map(|resource| request_within_limit(role, resource)));
    }
    rules.extend(single_fields());
    rules
}

fn whole_object() -> Vec<Rule> {
    vec![
        Rule::new(
            "",
            &["metadata.name"],
            &format!("self.metadata.name.size() <= {NAME_LIMIT}"),
            &format!(
                "metadata.name must have at most {NAME_LIMIT} characters: with hash, colour and -jm \
                 behind it, it has to be a DNS label"
            ),
        ),
        Rule::new(
            "",
            &["metadata.name"],
            "self.metadata.name.matches('^[a-z][-a-z0-9]*$')",
            "metadata.name must begin with a letter and hold only lower-case letters, digits and '-': \
             the application's Service has its name",
        ),
        // About one field of the spec that every spec has, since two whole specs are too long to compare.
        Rule::new(
            "",
            &["spec.image"],
            "has(self.spec)",
            "spec is required, with image, jarName and parallelism",
        ),
    ]
}

/// The Services list all ports, and Kubernetes refuses a Service that has one twice.
fn ports_differ() -> Rule {
    let ports =
        [("rpcPort", 6123), ("queryPort", 6124), ("blobPort", 6125), ("metricsQueryPort", 50101)];
    let list = ports.map(|(name, port)| format!("self.?{name}.orValue({port})")).join(", ");
    let names = ports.map(|(name, port)| format!("{name} ({port})")).join(", ");
    Rule::new(
        "spec",
        &ports.map(|(name, _)| name),
        &format!("[{list}].all(p, [{list}].exists_one(q, p == q))"),
        &format!("ports must be different, defaults included: {names}"),
    )
}

/// That `flinkVersion` is 1.11 or newer, as the reference operator compares (hashicorp/go-version:
/// 1.11-SNAPSHOT is older than 1.11, and what is no version is older than any). There the memory
/// options changed, and the reference renders no configuration at all for the wrong one.
const SINCE_1_11: &str = r"(has(self.flinkVersion)
    && self.flinkVersion.matches('^v?(1\\.(1[1-9]|[2-9]\\d|\\d{3})|[2-9]|[1-9]\\d)')
    && !self.flinkVersion.matches('^v?1\\.11(\\.0+)*-?[A-Za-z~]'))";

fn off_heap(role: &str) -> Rule {
    let field = format!("{role}.offHeapMemoryFraction");
    Rule::new(
        "spec",
        &["flinkVersion", &field],
        &format!("!has(self.{role}) || !has(self.{field}) || !{SINCE_1_11}"),
        &format!(
            "{field} is for Flink older than 1.11: use systemMemoryFraction, or correct flinkVersion"
        ),
    )
}

fn system(role: &str) -> Rule {
    let field = format!("{role}.systemMemoryFraction");
    Rule::new(
        "spec",
        &["flinkVersion", &field],
        &format!("!has(self.{role}) || !has(self.{field}) || {SINCE_1_11}"),
        &format!(
            "{field} is for Flink 1.11 and newer: set flinkVersion (e.g. 1.20), or use \
             offHeapMemoryFraction"
        ),
    )
}

/// Kubernetes refuses the Deployment otherwise. Quantities written as numbers are left to it: CEL
/// cannot turn them into quantities within the API server's budget.
fn request_within_limit(role: &str, resource: &str) -> Rule {
    let [request, limit] = ["requests", "limits"].map(|kind| format!("{kind}['{resource}']"));
    let no_quantity = |field: &str| format!("type({field}) != string || !isQuantity({field})");
    Rule::new(
        &format!("spec.{role}.resources"),
        &[&request, &limit],
        &format!(
            "!has(self.requests) || !('{resource}' in self.requests) \
             || !has(self.limits) || !('{resource}' in self.limits) \
             || {} || {} || !quantity(self.{request}).isGreaterThan(quantity(self.{limit}))",
            no_quantity(&format!("self.{request}")),
            no_quantity(&format!("self.{limit}")),
        ),
        &format!("requests.{resource} must not be above limits.{resource}"),
    )
}

fn single_fields() -> [Rule; 3] {
    [
        Rule::new(
            "spec.image",
            &[],
            r"self.matches('^\\S+$')",
            "must be the name of a container image, not empty and without blanks",
        ),
        Rule::new(
            "spec.jarName",
            &[],
            "self != '' && !self.contains('/')",
            "must be the file name of the job's jar, without its directory",
        ),
        Rule::new(
            "spec.parallelism",
            &[],
            &format!("self <= {PARALLELISM_LIMIT}"),
            &format!("must be at most {PARALLELISM_LIMIT}, Flink's highest parallelism"),
        ),
    ]
}
