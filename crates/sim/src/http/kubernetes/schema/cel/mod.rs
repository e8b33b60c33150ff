//! A small interpreter of CEL, for the rules of a CRD.
//!
//! It knows the operators, the macros (`has`, `all`, `exists`, `exists_one`, `filter`, `map`),
//! optionals (`.?`, `[?]`, `hasValue`, `value`, `orValue`), and the functions that rules about
//! strings, sizes and quantities use. A rule that uses anything else cannot be decided here
//! ([`CelError::Unsupported`]); the caller lets it pass.

mod eval;
mod functions;
mod parser;
mod token;
mod value;

use parser::parse;
use serde_json::Value;
use value::Val;

/// Why a rule has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CelError {
    /// It is not written in the part of the language that is known here.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// It went wrong, e.g. it asked for an absent field.
    #[error("{0}")]
    Failed(String),
}

/// What `oldSelf` is in a rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Old<'a> {
    /// Not there: the rule is about the new value only.
    Unknown,
    /// The value before.
    Value(&'a Value),
    /// The value before, if there was one: a rule with `optionalOldSelf`.
    Optional(Option<&'a Value>),
}

/// Evaluates a rule to a JSON value.
pub(super) fn evaluate(rule: &str, this: &Value, old: Old<'_>) -> Result<Value, CelError> {
    let expression = parse(rule)?;
    let mut variables = vec![("self".to_owned(), Val::Json(this.clone()))];
    match old {
        Old::Unknown => {}
        Old::Value(old) => variables.push(("oldSelf".to_owned(), Val::Json(old.clone()))),
        Old::Optional(old) => {
            let old = old.map(|old| Box::new(Val::Json(old.clone())));
            variables.push(("oldSelf".to_owned(), Val::Optional(old)));
        }
    }
    eval::eval(&expression, &mut variables)?.into_json()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(rule: &str, expect: Value) {
        let this = json!({ "n": 3, "s": "a-b", "list": [1, 2, 2], "map": { "k": "v", "x.y": 1 },
                           "cpu": "1500m", "half": 0.5, "empty": null });
        let old = json!({ "n": 2 });
        assert_eq!(evaluate(rule, &this, Old::Optional(Some(&old))), Ok(expect), "{rule}");
    }

    #[test]
    fn operators_and_their_precedence() {
        check("1 + 2 * 3 - 8 / 4 % 3 == 5", json!(true));
        check("-self.n < 0 && !(self.n >= 4 || self.n != 3)", json!(true));
        check("self.half * 2.0 == 1 ? 'yes' : \"no\"", json!("yes"));
        check("'a' + 'b' + r'\\n' + '\\t'", json!("ab\\n\t"));
        check("[1] + [2, 3]", json!([1, 2, 3]));
        check("2 in self.list && 'k' in self.map && !(9 in self.list)", json!(true));
        check("'a' < 'b' && 0x10 == 16 && 1e2 == 100.0", json!(true));
        check("{'a': 1}.a == 1 && self.empty == null", json!(true));
    }

    #[test]
    fn an_error_on_one_side_does_not_matter_if_the_other_decides() {
        check("self.absent == 1 || true", json!(true));
        check("true || self.absent == 1", json!(true));
        check("self.absent == 1 && false", json!(false));
        let failed = evaluate("self.absent == 1 || false", &json!({}), Old::Unknown);
        assert_eq!(failed, Err(CelError::Failed("no such key: absent".to_owned())));
    }

    #[test]
    fn macros() {
        check("has(self.map.k) && !has(self.map.other) && has(self.s)", json!(true));
        check("self.list.all(i, i < 3) && self.list.exists(i, i == 1)", json!(true));
        check("self.list.exists_one(i, i == 1) && !self.list.exists_one(i, i == 2)", json!(true));
        check("self.list.filter(i, i > 1).map(i, i * 10)", json!([20, 20]));
        check("self.map.all(k, k.size() > 0)", json!(true));
    }

    #[test]
    fn optionals() {
        check("self.?n.hasValue() && !self.?absent.hasValue()", json!(true));
        check("self.?map.?k.value() == 'v' && self.?map[?'x.y'].hasValue()", json!(true));
        check("self.?absent.?deeper.orValue(7)", json!(7));
        check(
            "oldSelf.hasValue() && oldSelf.value().n == 2 && oldSelf.?n.value() < self.n",
            json!(true),
        );
        check("oldSelf.n.value() == 2 && !oldSelf.?n.?deeper.hasValue()", json!(true));
    }

    #[test]
    fn functions() {
        check("self.s.matches('^[a-z]-[a-z]$') && self.s.contains('-')", json!(true));
        check("self.s.startsWith('a') && self.s.endsWith('b') && size(self.s) == 3", json!(true));
        check(
            "type(self.s) == string && type(self.n) != string && type(self.list) == list",
            json!(true),
        );
        check("isQuantity(self.cpu) && !isQuantity(self.s)", json!(true));
        check(
            "quantity(self.cpu).isGreaterThan(quantity('1')) && quantity('1Gi').isLessThan(quantity('2G'))",
            json!(true),
        );
        check("quantity('1').compareTo(quantity('1000m'))", json!(0));
        check(
            "string(self.n) + 'x' == '3x' && int('4') == 4 && double('0.5') == self.half",
            json!(true),
        );
        check("'a,b'.split(',').size() == 2 && ' A '.trim().lowerAscii() == 'a'", json!(true));
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        for rule in ["self.s.format()", "url(self.s)", "self.s ~ 3", "cel.bind(x, 1, x)", "'open"] {
            let result = evaluate(rule, &json!({ "s": "" }), Old::Unknown);
            assert!(matches!(result, Err(CelError::Unsupported(_))), "{rule}: {result:?}");
        }
    }
}
