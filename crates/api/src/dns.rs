//! Names as DNS has them (RFC 1123), which Kubernetes gives to most of its objects.

/// The longest label.
pub const LONGEST_LABEL: usize = 63;
/// The longest name of labels with points between them.
pub const LONGEST_SUBDOMAIN: usize = 253;

/// Whether it can name a namespace: small letters, digits and dashes, neither beginning nor ending with a dash.
#[must_use]
pub fn is_label(name: &str) -> bool {
    name.len() <= LONGEST_LABEL && is_label_of_any_length(name)
}

/// Whether it can name a Secret: labels with points between them. Kubernetes limits the whole alone.
#[must_use]
pub fn is_subdomain(name: &str) -> bool {
    name.len() <= LONGEST_SUBDOMAIN && name.split('.').all(is_label_of_any_length)
}

fn is_label_of_any_length(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let outer = |c: char| c != '-';
    name.chars().all(inner) && name.starts_with(outer) && name.ends_with(outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_kubernetes_takes() {
        for name in ["a", "team-a", "0", "a--b"] {
            assert!(is_label(name) && is_subdomain(name), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a_b", "ä", "a.", ".a", "a..b", "a.-b"] {
            assert!(!is_label(name) && !is_subdomain(name), "{name}");
        }
        assert!(!is_label("a.b") && is_subdomain("a.b-c.0"));
        let long = |length: usize| "a".repeat(length);
        assert!(is_label(&long(63)) && !is_label(&long(64)));
        assert!(is_subdomain(&long(253)) && !is_subdomain(&long(254)));
    }
}
