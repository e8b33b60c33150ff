//! What the API server answers when it refuses: one enum, and its rendering as `metav1.Status`.

use serde_json::{Value, json};

/// Names one object, or a collection if the name is empty, in messages and in `details`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// API group, empty for the core group.
    pub group: String,
    /// Plural resource name, or the kind where Kubernetes puts the kind.
    pub resource: String,
    /// Object name, may be empty.
    pub name: String,
}

impl Subject {
    /// `plural.group`, or `plural` for the core group.
    fn qualified(&self) -> String {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{}.{group}", self.resource),
        }
    }
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `metav1.CauseType`, e.g. `FieldValueRequired`.
    pub reason: &'static str,
    /// Path of the field, e.g. `spec.image`.
    pub field: String,
    /// What is wrong, without the path.
    pub message: String,
}

impl Cause {
    /// A required field is absent.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = match detail {
            "" => "Required value".to_owned(),
            detail => format!("Required value: {detail}"),
        };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    /// A field has a value that is refused.
    pub fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {value}: {detail}");
        Self { reason: "FieldValueInvalid", field: field.into(), message }
    }

    /// A field has a value of the wrong type; Kubernetes prints the type, not the value.
    pub fn wrong_type(field: impl Into<String>, found: &str, detail: &str) -> Self {
        let message = format!("Invalid value: \"{found}\": {detail}");
        Self { reason: "FieldValueTypeInvalid", field: field.into(), message }
    }

    /// A field has a value that is not one of the known ones.
    pub fn unsupported(field: impl Into<String>, value: &Value, known: &[Value]) -> Self {
        let known = known.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("Unsupported value: {value}: supported values: {known}");
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }

    /// A field must not be set, or not be changed now.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        let message = format!("Forbidden: {detail}");
        Self { reason: "FieldValueForbidden", field: field.into(), message }
    }

    fn render(&self) -> String {
        match self.field.as_str() {
            "" => self.message.clone(),
            field => format!("{field}: {}", self.message),
        }
    }
}

/// Why a request was refused. The messages are Kubernetes' own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 404: no such object.
    #[error("{} {:?} not found", .0.qualified(), .0.name)]
    NotFound(Subject),
    /// 404: no such path.
    #[error("the server could not find the requested resource")]
    NoSuchPath,
    /// 409: the name is taken.
    #[error("{} {:?} already exists", .0.qualified(), .0.name)]
    AlreadyExists(Subject),
    /// 409: the object changed since it was read, or a precondition does not hold.
    #[error("Operation cannot be fulfilled on {} {:?}: {why}", subject.qualified(), subject.name)]
    Conflict {
        /// The object.
        subject: Subject,
        /// Which precondition.
        why: String,
    },
    /// 409: a server-side apply touches fields of other managers.
    #[error("Apply failed with {} conflict{}: {}", .0.len(), plural_s(.0), render_conflicts(.0))]
    ApplyConflict(Vec<Cause>),
    /// 400.
    #[error("{0}")]
    BadRequest(String),
    /// 403: Kubernetes uses it for objects created in a terminating namespace.
    #[error("{} {:?} is forbidden: {why}", subject.qualified(), subject.name)]
    Forbidden {
        /// The object.
        subject: Subject,
        /// Why.
        why: String,
        /// `details.causes`.
        causes: Vec<Cause>,
    },
    /// 422: the object is not valid. The subject holds the kind instead of the plural.
    #[error("{} {:?} is invalid: {}", subject.qualified(), subject.name, render_causes(causes))]
    Invalid {
        /// Group, kind and name.
        subject: Subject,
        /// What is wrong; not empty.
        causes: Vec<Cause>,
    },
    /// 410: the history no longer reaches back to the version asked for.
    #[error("{0}")]
    Expired(String),
    /// 504: the version asked for lies in the future.
    #[error("Timeout: Too large resource version: {asked}, current: {current}")]
    TooLargeResourceVersion {
        /// The version asked for.
        asked: u64,
        /// The newest there is.
        current: u64,
    },
    /// 405.
    #[error("the server does not allow this method on the requested resource")]
    MethodNotAllowed,
    /// 406.
    #[error("only the following media types are accepted: {0}")]
    NotAcceptable(&'static str),
    /// 415.
    #[error("the body of the request was in an unknown format - accepted media types include: {0}")]
    UnsupportedMediaType(&'static str),
    /// 422: a JSON patch that does not fit the object, e.g. a `test` that fails.
    #[error("the server rejected our request due to an error in our request: {0}")]
    PatchFailed(String),
    /// 500: what Kubernetes answers to a resourceVersion on create.
    #[error("{0}")]
    Internal(String),
    /// 503: nothing answers behind the proxy.
    #[error("{0}")]
    ServiceUnavailable(String),
    /// Whatever a fault plan wants to answer.
    #[error("injected fault: {0}")]
    Injected(u16),
}

fn plural_s<T>(list: &[T]) -> &'static str {
    if list.len() == 1 { "" } else { "s" }
}

fn render_causes(causes: &[Cause]) -> String {
    match causes {
        [one] => one.render(),
        many => {
            format!("[{}]", many.iter().map(Cause::render).collect::<Vec<_>>().join(", "))
        }
    }
}

fn render_conflicts(causes: &[Cause]) -> String {
    match causes {
        [one] => format!("{}: {}", one.message, one.field),
        many => {
            let lines: Vec<_> =
                many.iter().map(|c| format!("{}: {}", c.message, c.field)).collect();
            lines.join("; ")
        }
    }
}

impl ApiError {
    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Forbidden { .. } => 403,
            Self::NotFound(_) | Self::NoSuchPath => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable(_) => 406,
            Self::AlreadyExists(_) | Self::Conflict { .. } | Self::ApplyConflict(_) => 409,
            Self::Expired(_) => 410,
            Self::UnsupportedMediaType(_) => 415,
            Self::Invalid { .. } | Self::PatchFailed(_) => 422,
            Self::Internal(_) => 500,
            Self::ServiceUnavailable(_) => 503,
            Self::TooLargeResourceVersion { .. } => 504,
            Self::Injected(code) => *code,
        }
    }

    /// `metav1.StatusReason`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "BadRequest",
            Self::Forbidden { .. } => "Forbidden",
            Self::NotFound(_) | Self::NoSuchPath => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable(_) => "NotAcceptable",
            Self::AlreadyExists(_) => "AlreadyExists",
            Self::Conflict { .. } | Self::ApplyConflict(_) => "Conflict",
            Self::Expired(_) => "Expired",
            Self::UnsupportedMediaType(_) => "UnsupportedMediaType",
            Self::Invalid { .. } | Self::PatchFailed(_) => "Invalid",
            Self::Internal(_) => "InternalError",
            Self::ServiceUnavailable(_) => "ServiceUnavailable",
            Self::TooLargeResourceVersion { .. } => "Timeout",
            Self::Injected(code) => injected_reason(*code),
        }
    }

    /// The body of the answer.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "message": self.to_string(), "reason": self.reason(), "code": self.code(),
        });
        if let Some(details) = self.details() {
            status["details"] = details;
        }
        status
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::NotFound(subject) | Self::AlreadyExists(subject) => Some(details(subject, &[])),
            Self::Conflict { subject, .. } => Some(details(subject, &[])),
            Self::Forbidden { subject, causes, .. } | Self::Invalid { subject, causes } => {
                Some(details(subject, causes))
            }
            Self::ApplyConflict(causes) => {
                Some(json!({ "causes": causes.iter().map(cause_json).collect::<Vec<_>>() }))
            }
            Self::TooLargeResourceVersion { .. } => Some(json!({
                "retryAfterSeconds": 1,
                "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
            })),
            Self::NoSuchPath => Some(json!({})),
            Self::BadRequest(_)
            | Self::Expired(_)
            | Self::MethodNotAllowed
            | Self::NotAcceptable(_)
            | Self::UnsupportedMediaType(_)
            | Self::ServiceUnavailable(_)
            | Self::PatchFailed(_)
            | Self::Internal(_)
            | Self::Injected(_) => None,
        }
    }
}

fn injected_reason(code: u16) -> &'static str {
    match code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "InternalError",
    }
}

fn details(subject: &Subject, causes: &[Cause]) -> Value {
    let mut details = json!({ "kind": subject.resource });
    if !subject.name.is_empty() {
        details["name"] = json!(subject.name);
    }
    if !subject.group.is_empty() {
        details["group"] = json!(subject.group);
    }
    if !causes.is_empty() {
        details["causes"] = causes.iter().map(cause_json).collect();
    }
    details
}

fn cause_json(cause: &Cause) -> Value {
    json!({ "reason": cause.reason, "message": cause.message, "field": cause.field })
}
