//! objecthash, "common JSON": a hash of a JSON value that does not depend on how it is written.
//!
//! As the reference operator links it (objecthash d1e3d6079fc1): every number is a float, and text
//! is not normalised. Values come from `deployment`, digests go to `deploy_hash`.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The SHA-256 objecthash of a JSON value.
pub(crate) fn object_hash(value: &Value) -> [u8; 32] {
    match value {
        Value::Null => tagged(b'n', b""),
        Value::Bool(true) => tagged(b'b', b"1"),
        Value::Bool(false) => tagged(b'b', b"0"),
        Value::String(text) => tagged(b'u', text.as_bytes()),
        Value::Number(number) => tagged(b'f', float(number.as_f64().unwrap_or(0.0)).as_bytes()),
        Value::Array(items) => {
            tagged(b'l', &items.iter().map(object_hash).collect::<Vec<_>>().concat())
        }
        Value::Object(members) => {
            let mut pairs: Vec<[[u8; 32]; 2]> = members
                .iter()
                .map(|(key, value)| [tagged(b'u', key.as_bytes()), object_hash(value)])
                .collect();
            pairs.sort_unstable();
            tagged(b'd', pairs.concat().as_flattened())
        }
    }
}

fn tagged(tag: u8, bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([tag]).chain_update(bytes).finalize().into()
}

/// A float in objecthash's own notation: sign, exponent, binary digits of a mantissa in (0.5, 1].
fn float(value: f64) -> String {
    if value == 0.0 {
        return "+0:".to_owned();
    }
    let (mut fraction, mut exponent) = (value.abs(), 0);
    while fraction > 1.0 {
        fraction /= 2.0;
        exponent += 1;
    }
    while fraction <= 0.5 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let sign = if value < 0.0 { '-' } else { '+' };
    let mut text = format!("{sign}{exponent}:");
    while fraction != 0.0 {
        let one = fraction >= 1.0;
        text.push(if one { '1' } else { '0' });
        fraction = (fraction - if one { 1.0 } else { 0.0 }) * 2.0;
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{float, object_hash};

    #[test]
    fn hashes_are_those_of_the_reference_operators_library() {
        for (value, first, last) in [
            (json!(""), "0bfe935e", "1f1c0ad6"),
            (json!("a"), "844bc172", "de29c6cb"),
            (json!(0), "60101d8c", "d4aba33d"),
            (json!(1), "f01adc73", "9b26c639"),
            (json!(8), "0aeaacfc", "b7dc0598"),
            (json!(0.5), "62d74c83", "01b76014"),
            (json!(-3.25), "f1be45ea", "9f95cd7d"),
            (json!(6123), "61ba2e8c", "ef129712"),
            (json!(50101), "c951cf47", "cd91f15e"),
            (json!(true), "7dc96f77", "e72ec193"),
            (json!(null), "1b16b1df", "36c83db9"),
            (json!([]), "acac86c0", "5b93f6f0"),
            (json!({}), "18ac3e73", "34f4f8e4"),
            (json!({"a": 1}), "523ef52b", "81635c14"),
            (json!(["a", "b"]), "3b42b29b", "cc588e84"),
        ] {
            let hash: String = object_hash(&value).iter().map(|b| format!("{b:02x}")).collect();
            assert!(hash.starts_with(first) && hash.ends_with(last), "{value}: {hash}");
        }
    }

    #[test]
    fn floats_have_their_own_notation() {
        for (value, text) in
            [(0.0, "+0:"), (-0.0, "+0:"), (1.0, "+0:1"), (8.0, "+3:1"), (-3.25, "-2:01101")]
        {
            assert_eq!(float(value), text);
        }
    }
}
