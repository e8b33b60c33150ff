//! The patch formats: merge patch (RFC 7386), JSON patch (RFC 6902), strategic merge patch.

mod strategic;

pub use strategic::strategic_merge;

use super::error::ApiError;
use serde_json::Value;

/// A patch as its content type says it.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// `application/merge-patch+json`
    Merge(Value),
    /// `application/json-patch+json`
    Json(json_patch::Patch),
    /// `application/strategic-merge-patch+json`, for built-in kinds only.
    Strategic(Value),
}

impl Patch {
    /// The patched object.
    ///
    /// # Errors
    /// `BadRequest` if the result is no object or a strategic directive is malformed; a JSON patch
    /// that cannot be applied (a failed `test`) is `PatchFailed`.
    pub fn apply(&self, object: &Value) -> Result<Value, ApiError> {
        let mut patched = object.clone();
        match self {
            Self::Merge(patch) => json_patch::merge(&mut patched, patch),
            Self::Json(patch) => json_patch::patch(&mut patched, patch)
                .map_err(|error| ApiError::PatchFailed(error.to_string()))?,
            Self::Strategic(patch) => strategic_merge(&mut patched, patch)?,
        }
        if patched.is_object() {
            Ok(patched)
        } else {
            Err(ApiError::BadRequest("the patch does not leave an object".to_owned()))
        }
    }
}
