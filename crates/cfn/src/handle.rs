//! Resources and the handles that refer to them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;

use crate::value::Value;

/// A resource type: a struct whose serialisation is the resource's `Properties`.
pub trait Resource: Serialize {
    /// Marker of the stack that the resource is in.
    type Stack;
    /// `AWS::Service::Type`.
    const TYPE: &'static str;
}

/// What happens to the real resource when it leaves the stack or is replaced (`DeletionPolicy`, `UpdateReplacePolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is deleted.
    Delete,
    /// It stays, outside of the stack.
    Retain,
    /// A snapshot of it stays.
    Snapshot,
}

impl Removal {
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::Snapshot => "Snapshot",
        }
    }
}

/// A resource in a template. Its methods, written beside each resource type, are the only source of references.
pub struct Handle<R> {
    template: Arc<str>,
    id: Arc<str>,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Handle<R> {
    pub(crate) fn new(template: Arc<str>, id: Arc<str>) -> Self {
        Self { template, id, resource: PhantomData }
    }

    /// The logical id.
    pub fn logical_id(&self) -> &str {
        &self.id
    }

    /// What `Ref` answers; each resource type says what kind that is.
    pub(crate) fn reference<K>(&self) -> Value<R::Stack, K> {
        Value::reference(self.template.clone(), self.id.clone(), None)
    }

    /// What `Fn::GetAtt` answers for `attribute`.
    pub(crate) fn attribute<K>(&self, attribute: &'static str) -> Value<R::Stack, K> {
        Value::reference(self.template.clone(), self.id.clone(), Some(attribute))
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self { template: self.template.clone(), id: self.id.clone(), resource: PhantomData }
    }
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.template, self.id)
    }
}

/// What CloudFormation is told about a resource besides its properties.
pub struct Options<S> {
    pub(crate) after: Vec<(Arc<str>, Arc<str>)>,
    pub(crate) removal: Option<(Removal, Removal)>,
    pub(crate) layer: Option<&'static str>,
    stack: PhantomData<fn() -> S>,
}

impl<S> Default for Options<S> {
    fn default() -> Self {
        Self { after: Vec::new(), removal: None, layer: None, stack: PhantomData }
    }
}

impl<S> Options<S> {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// `DependsOn`: for an order that no reference expresses.
    #[must_use]
    pub fn after<R: Resource<Stack = S>>(mut self, handle: &Handle<R>) -> Self {
        self.after.push((handle.template.clone(), handle.id.clone()));
        self
    }

    /// `DeletionPolicy` and `UpdateReplacePolicy`. Without them CloudFormation deletes, in both cases.
    #[must_use]
    pub fn removal(mut self, on_deletion: Removal, on_replacement: Removal) -> Self {
        self.removal = Some((on_deletion, on_replacement));
        self
    }

    /// `Metadata: {"Layer": layer}`: what a deployment tool may tell resources apart by.
    #[must_use]
    pub fn layer(mut self, layer: &'static str) -> Self {
        self.layer = Some(layer);
        self
    }
}

/// Declares a resource type: its AWS type name, and what its handle answers.
///
/// The struct is an ordinary one with a parameter `S`; this writes the [`Resource`] implementation and one method per
/// reference, e.g. `ref name: RoleName, "Arn" arn: RoleArn`.
macro_rules! resource {
    ($ty:ident = $name:literal $(, ref $(#[$rdoc:meta])* $rmethod:ident: $rkind:ty)?
     $(, $attribute:literal $(#[$adoc:meta])* $amethod:ident: $akind:ty)* $(,)?) => {
        impl<S: $crate::Stack> $crate::Resource for $ty<S> {
            type Stack = S;
            const TYPE: &'static str = $name;
        }
        impl<S: $crate::Stack> $crate::Handle<$ty<S>> {
            $(#[doc = concat!("`Ref` of ", $name, ".")]
            $(#[$rdoc])*
            pub fn $rmethod(&self) -> $crate::Value<S, $rkind> {
                self.reference()
            })?
            $(#[doc = concat!("`Fn::GetAtt` ", $attribute, ".")]
            $(#[$adoc])*
            pub fn $amethod(&self) -> $crate::Value<S, $akind> {
                self.attribute($attribute)
            })*
        }
    };
}
pub(crate) use resource;
