//! The colours of mode BlueGreen: two versions that run beside each other have different ones, so
//! that each has a stable address.

use crate::words::words;

words! {
    /// `status.deployVersion`, `status.updatingVersion`: the reference operator's colours.
    Colour {
        /// The second one.
        Blue,
        /// The first one.
        Green,
    }
}

impl Colour {
    /// The colour of a version that comes up beside one of `colour`; the first of all is green, as the
    /// reference operator's.
    #[must_use]
    pub fn beside(colour: Option<Colour>) -> Colour {
        match colour {
            Some(Colour::Green) => Colour::Blue,
            Some(Colour::Blue) | None => Colour::Green,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_green_and_then_they_take_turns() {
        let first = Colour::beside(None);
        assert_eq!(first, Colour::Green);
        assert_eq!(Colour::beside(Some(first)), Colour::Blue);
        assert_eq!(Colour::beside(Some(Colour::Blue)), Colour::Green);
    }
}
