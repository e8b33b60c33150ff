//! The spec that is read back, beginning with the one that is stored now: a member changes only where what
//! was found cannot have come from it.

use flinkk8soperator_core::ids::Role;
use serde_json::{Map, Value, json};

use super::spelling::{plain, same};
use crate::application::Application;

/// See above.
pub(super) struct Wanted<'a> {
    like: &'a Application,
    spec: Value,
}

/// Where a default that is found comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defaults {
    /// The API server filled it in.
    FilledIn,
    /// The application said it.
    Said,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(app: &Value, like: &'a Application) -> Wanted<'a> {
        let spec = if app["spec"].is_object() { app["spec"].clone() } else { json!({}) };
        Wanted { like, spec }
    }

    pub(super) fn spec(self) -> Value {
        self.spec
    }

    /// A member of the spec.
    pub(super) fn member(&mut self, name: &str, found: Option<&Value>) {
        let said = self.like.member(name);
        settle(&mut self.spec, name, said, found);
    }

    /// The volumes: what is found does not tell who wrote a default.
    pub(super) fn volumes(&mut self, found: Option<&Value>, defaults: Defaults) {
        let said = self.like.member("volumes");
        match (found, defaults) {
            (Some(found), Defaults::Said) => self.spec["volumes"] = found.clone(),
            (_, Defaults::FilledIn) | (None, _) => settle(&mut self.spec, "volumes", said, found),
        }
    }

    /// One that has a default where nothing is said.
    pub(super) fn or_default(&mut self, name: &str, found: Option<&Value>, default: &Value) {
        let said = self.like.member(name).unwrap_or(default);
        settle(&mut self.spec, name, Some(said), found);
    }

    /// A member of a role's configuration.
    pub(super) fn of_role(&mut self, role: Role, name: &str, found: Option<&Value>) {
        let said = self.like.role_config(role).get(name);
        settle(self.role(role), name, said, found);
    }

    /// A role's resources, which have a default as a whole.
    pub(super) fn resources(&mut self, role: Role, found: Option<&Value>) {
        let said = self.like.resources(role);
        settle(self.role(role), "resources", Some(&said), found);
    }

    /// `env` or `envFrom`.
    pub(super) fn environment(&mut self, role: Role, name: &str, found: Option<&Value>) {
        let said = self.like.role_config(role)["envConfig"].get(name);
        let of_role = self.role(role);
        if !of_role["envConfig"].is_object() {
            of_role["envConfig"] = json!({});
        }
        settle(&mut of_role["envConfig"], name, said, found);
    }

    /// How many JobManagers there are.
    pub(super) fn replicas(&mut self, found: Option<&Value>) {
        let said = json!(self.like.replicas(Role::JobManager));
        settle(self.role(Role::JobManager), "replicas", Some(&said), found);
    }

    fn role(&mut self, role: Role) -> &mut Value {
        let name = Application::config_name(role);
        if !self.spec[name].is_object() {
            self.spec[name] = json!({});
        }
        &mut self.spec[name]
    }
}

/// Leaves the member as it is where `found` was made from it.
fn settle(members: &mut Value, name: &str, said: Option<&Value>, found: Option<&Value>) {
    let said = said.unwrap_or(&Value::Null);
    let found = found.unwrap_or(&Value::Null);
    let nothing = |value: &Value| {
        value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
    };
    if same(said, found) || nothing(said) && nothing(found) {
        return;
    }
    let members: Option<&mut Map<String, Value>> = members.as_object_mut();
    if let Some(members) = members {
        match nothing(found) {
            true => drop(members.remove(name)),
            false => drop(members.insert(name.to_owned(), plain(found))),
        }
    }
}
