//! What worlds that came from one another have in common until one of them changes it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Cloned by counting; copied once it is changed, where another world has it, too. (An exploration
/// clones a world for every move, and a move changes little of it.)
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shared<T>(Arc<T>);

impl<T> From<T> for Shared<T> {
    fn from(it: T) -> Shared<T> {
        Shared(Arc::new(it))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<'s, T> IntoIterator for &'s Shared<Vec<T>> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> std::slice::Iter<'s, T> {
        self.iter()
    }
}
