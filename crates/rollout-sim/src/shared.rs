//! Copy on write: what a rollout mostly reads is shared by all copies of a world, so that a thousand rollouts can start
//! from one world for the price of what they change.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that its clones share until one of them changes it. Reads and serialises as the value itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The first change after a clone copies the value.
impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;

    #[test]
    fn a_change_of_one_copy_is_not_seen_by_the_others() {
        let one = Shared::from(vec![1]);
        let mut other = one.clone();
        assert!(std::ptr::eq(&*one, &*other));
        other.push(2);
        assert_eq!((one.as_slice(), other.as_slice()), ([1].as_slice(), [1, 2].as_slice()));
    }

    #[test]
    fn it_is_written_as_the_value_itself() {
        let text = serde_json::to_string(&Shared::from(vec![1])).expect("a list serialises");
        assert_eq!(text, "[1]");
        let read = serde_json::from_str::<Shared<Vec<i32>>>(&text).expect("it reads what it wrote");
        assert_eq!(read, Shared::from(vec![1]));
    }
}
