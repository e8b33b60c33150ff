//! The objects of one kind, by application: what a watch showed, overlaid with what this process did
//! since.
//!
//! A watch lags behind our own writes. Until it has caught up, an object that we created counts as
//! there and one that we deleted as going, by UID, so that no round undoes or repeats the one
//! before. No I/O: events come from `controller`, own writes from `execute`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flinkk8soperator_core::Uid;

use crate::application::Key;

/// An object cut down to what is used of it.
pub(crate) trait Item: Clone {
    /// Its UID.
    fn uid(&self) -> Uid;
    /// Marks it as having a deletion timestamp.
    fn going(&mut self);
    /// Whether it has one.
    fn is_going(&self) -> bool;
    /// Whether a round could decide differently because of the difference to `other`.
    fn matters(&self, other: &Self) -> bool;
}

/// One kind's objects.
#[derive(Debug)]
pub(crate) struct Kind<T> {
    seen: BTreeMap<Key, BTreeMap<Uid, T>>,
    /// A list under way, by scope (a namespace; none for all of them).
    lists: BTreeMap<Option<String>, List<T>>,
    created: BTreeMap<Uid, (Key, T)>,
    deleted: BTreeSet<Uid>,
    /// Objects that are there and could not be read, and of which application.
    unreadable: BTreeMap<Uid, Key>,
    /// The last that went, for a creation whose reply is slower than the watch.
    gone: VecDeque<Uid>,
}

/// How many of those that went last are remembered: far more than can go while one reply is on its
/// way.
const GONE: usize = 256;

#[derive(Debug)]
struct List<T> {
    items: BTreeMap<Key, BTreeMap<Uid, T>>,
    unreadable: BTreeMap<Uid, Key>,
    /// Own writes from before the list was asked for: it knows them.
    known: BTreeSet<Uid>,
}

impl<T> Default for Kind<T> {
    fn default() -> Kind<T> {
        Kind {
            seen: BTreeMap::new(),
            lists: BTreeMap::new(),
            created: BTreeMap::new(),
            deleted: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            gone: VecDeque::new(),
        }
    }
}

impl<T: Item> Kind<T> {
    /// A watch shows an object. Says whether it matters.
    pub(crate) fn apply(&mut self, key: &Key, item: T) -> bool {
        let uid = item.uid();
        // Once shown, the overlay is needed no more: what comes next comes in order.
        self.created.remove(&uid);
        if item.is_going() {
            self.deleted.remove(&uid);
        }
        let cured = self.unreadable.remove(&uid).is_some();
        let items = self.seen.entry(key.clone()).or_default();
        let matters = items.get(&uid).is_none_or(|before| before.matters(&item));
        items.insert(uid, item);
        matters || cured
    }

    /// A watch shows an object that cannot be read. Says whether that is new.
    pub(crate) fn unreadable(&mut self, key: &Key, uid: Uid) -> bool {
        self.unreadable.insert(uid, key.clone()).is_none()
    }

    /// Whether all objects of an application could be read.
    #[must_use]
    pub(crate) fn readable(&self, key: &Key) -> bool {
        !self.unreadable.values().any(|of| of == key)
    }

    /// A watch shows that an object is gone. Says whether it was there.
    pub(crate) fn remove(&mut self, key: &Key, uid: Uid) -> bool {
        self.created.remove(&uid);
        self.deleted.remove(&uid);
        let unreadable = self.unreadable.remove(&uid).is_some();
        self.gone.push_back(uid);
        if self.gone.len() > GONE {
            self.gone.pop_front();
        }
        let Some(items) = self.seen.get_mut(key) else { return unreadable };
        let was = items.remove(&uid).is_some();
        if items.is_empty() {
            self.seen.remove(key);
        }
        was || unreadable
    }

    /// A list of `scope` begins.
    pub(crate) fn begin(&mut self, scope: Option<&str>) {
        let known = self.created.keys().chain(&self.deleted).copied().collect();
        let list = List { items: BTreeMap::new(), unreadable: BTreeMap::new(), known };
        self.lists.insert(scope.map(str::to_owned), list);
    }

    /// The list of `scope` has this object.
    pub(crate) fn listed(&mut self, scope: Option<&str>, key: &Key, item: T) {
        if let Some(list) = self.lists.get_mut(&scope.map(str::to_owned)) {
            list.items.entry(key.clone()).or_default().insert(item.uid(), item);
        }
    }

    /// The list of `scope` has this object, which cannot be read.
    pub(crate) fn listed_unreadable(&mut self, scope: Option<&str>, key: &Key, uid: Uid) {
        if let Some(list) = self.lists.get_mut(&scope.map(str::to_owned)) {
            list.unreadable.insert(uid, key.clone());
        }
    }

    /// The list of `scope` is complete. Returns the applications for which anything matters.
    pub(crate) fn end(&mut self, scope: Option<&str>) -> BTreeSet<Key> {
        let Some(list) = self.lists.remove(&scope.map(str::to_owned)) else {
            return BTreeSet::new();
        };
        for uid in &list.known {
            self.created.remove(uid);
            self.deleted.remove(uid);
        }
        let inside = |key: &Key| scope.is_none_or(|scope| *key.namespace == *scope);
        let keys = self.seen.keys().filter(|key| inside(key)).chain(list.items.keys());
        let keys: BTreeSet<Key> = keys.cloned().collect();
        let changed = |key: &&Key| differ(self.seen.get(key), list.items.get(key));
        let mut changed: BTreeSet<Key> = keys.iter().filter(changed).cloned().collect();
        let unreadable = self.unreadable.extract_if(.., |_, key| inside(key));
        let unreadable: BTreeMap<Uid, Key> = unreadable.collect();
        if unreadable != list.unreadable {
            changed.extend(unreadable.into_values().chain(list.unreadable.values().cloned()));
        }
        self.unreadable.extend(list.unreadable);
        self.seen.retain(|key, _| !inside(key));
        self.created
            .retain(|uid, (key, _)| list.items.get(key).is_none_or(|l| !l.contains_key(uid)));
        self.seen.extend(list.items);
        changed
    }

    /// This process created an object.
    pub(crate) fn created(&mut self, key: &Key, item: T) {
        let seen = self.seen.get(key).is_some_and(|items| items.contains_key(&item.uid()));
        if !seen && !self.gone.contains(&item.uid()) {
            self.created.insert(item.uid(), (key.clone(), item));
        }
    }

    /// This process deleted an object. Remembered until a watch shows it.
    pub(crate) fn deleted(&mut self, key: &Key, uid: Uid) {
        let seen = self.seen.get(key).and_then(|items| items.get(&uid));
        let pending = self.created.contains_key(&uid);
        if pending || seen.is_some_and(|item| !item.is_going()) {
            self.deleted.insert(uid);
        }
    }

    /// This process changed an object and got it back.
    pub(crate) fn changed(&mut self, key: &Key, item: T) {
        if let Some(items) = self.seen.get_mut(key) {
            items.insert(item.uid(), item);
        }
    }

    /// The objects of an application, own writes included.
    #[must_use]
    pub(crate) fn of(&self, key: &Key) -> Vec<T> {
        let seen = self.seen.get(key).into_iter().flat_map(BTreeMap::values);
        let own = self.created.values().filter(|(of, _)| of == key).map(|(_, item)| item);
        let overlaid = |item: &T| {
            let mut item = item.clone();
            if self.deleted.contains(&item.uid()) {
                item.going();
            }
            item
        };
        seen.chain(own).map(overlaid).collect()
    }

    /// How many objects are kept.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.seen.values().map(BTreeMap::len).sum::<usize>() + self.created.len()
    }

    /// Forgets own writes for an application that is gone.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.created.retain(|_, (of, _)| of != key);
    }
}

fn differ<T: Item>(a: Option<&BTreeMap<Uid, T>>, b: Option<&BTreeMap<Uid, T>>) -> bool {
    let empty = BTreeMap::new();
    let (a, b) = (a.unwrap_or(&empty), b.unwrap_or(&empty));
    a.len() != b.len() || a.iter().any(|(uid, x)| b.get(uid).is_none_or(|y| x.matters(y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Thing {
        uid: u128,
        what: u8,
        going: bool,
    }

    impl Item for Thing {
        fn uid(&self) -> Uid {
            Uid(self.uid)
        }
        fn going(&mut self) {
            self.going = true;
        }
        fn is_going(&self) -> bool {
            self.going
        }
        fn matters(&self, other: &Thing) -> bool {
            self != other
        }
    }

    fn thing(uid: u128) -> Thing {
        Thing { uid, what: 0, going: false }
    }

    fn key() -> Key {
        Key::new("ns", "app")
    }

    #[test]
    fn what_this_process_created_is_there_until_the_watch_speaks_of_it() {
        let mut kind = Kind::default();
        kind.created(&key(), thing(1));
        assert_eq!(kind.of(&key()), [thing(1)]);
        assert!(kind.apply(&key(), thing(1)));
        assert_eq!(kind.of(&key()), [thing(1)]);
        assert!(kind.remove(&key(), Uid(1)));
        assert_eq!(kind.of(&key()), []);
    }

    #[test]
    fn a_watch_that_was_quicker_than_the_reply_is_believed() {
        let mut kind = Kind::default();
        kind.apply(&key(), Thing { going: true, ..thing(1) });
        kind.created(&key(), thing(1));
        assert_eq!(kind.of(&key()), [Thing { going: true, ..thing(1) }]);
    }

    #[test]
    fn an_object_that_went_before_the_reply_to_its_creation_came_is_gone() {
        let mut kind = Kind::default();
        kind.apply(&key(), thing(1));
        kind.remove(&key(), Uid(1));
        kind.created(&key(), thing(1));
        assert_eq!(kind.of(&key()), []);
    }

    #[test]
    fn what_this_process_deleted_is_going_until_the_watch_says_so() {
        let mut kind = Kind::default();
        kind.apply(&key(), thing(1));
        kind.deleted(&key(), Uid(1));
        assert!(kind.of(&key())[0].going);
        kind.apply(&key(), Thing { what: 1, ..thing(1) });
        assert!(kind.of(&key())[0].going, "an older event brought it back");
        kind.apply(&key(), Thing { going: true, ..thing(1) });
        kind.remove(&key(), Uid(1));
        assert_eq!((kind.of(&key()).len(), kind.deleted.len()), (0, 0));
    }

    #[test]
    fn a_list_asked_for_before_a_creation_does_not_undo_it() {
        let mut kind = Kind::default();
        kind.begin(None);
        kind.created(&key(), thing(1));
        kind.end(None);
        assert_eq!(kind.of(&key()), [thing(1)]);
    }

    #[test]
    fn a_list_asked_for_after_a_creation_knows_better() {
        let mut kind = Kind::default();
        kind.created(&key(), thing(1));
        kind.begin(None);
        kind.end(None);
        assert_eq!(kind.of(&key()), []);
    }

    #[test]
    fn a_list_of_one_namespace_leaves_the_others_alone() {
        let mut kind = Kind::default();
        let other = Key::new("other", "app");
        kind.apply(&key(), thing(1));
        kind.apply(&other, thing(2));
        kind.begin(Some("ns"));
        assert_eq!(kind.end(Some("ns")), [key()].into_iter().collect());
        assert_eq!((kind.of(&key()).len(), kind.of(&other).len()), (0, 1));
    }

    #[test]
    fn an_event_that_changes_nothing_that_is_used_does_not_matter() {
        let mut kind = Kind::default();
        assert!(kind.apply(&key(), thing(1)));
        assert!(!kind.apply(&key(), thing(1)));
        assert!(kind.apply(&key(), Thing { what: 1, ..thing(1) }));
    }
}
