//! What users reach an application by: its generic Service and its Ingress, and whether they lead to
//! a cluster as they should.
//!
//! Both move from version to version. They are right if they lead to the same ports as the versioned
//! Service of that cluster, which is made with it and never changed. Pure; read by `observe` to say
//! where they lead, and by `execute` to change what is wrong.

use flinkk8soperator_core::{Incarnation, Role, Uid, ids};
use k8s_openapi::api::core::v1::ServiceSpec;
use k8s_openapi::api::networking::v1::IngressSpec;

use super::Child;

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Port {
    /// Its name.
    pub(crate) name: String,
    /// Its number.
    pub(crate) number: i32,
}

impl Port {
    /// Those of a Service, in the order of their names.
    #[must_use]
    pub(super) fn all(spec: &ServiceSpec) -> Vec<Port> {
        let ports = spec.ports.iter().flatten();
        let port = |port: &k8s_openapi::api::core::v1::ServicePort| Port {
            name: port.name.clone().unwrap_or_default(),
            number: port.port,
        };
        let mut ports: Vec<Port> = ports.map(port).collect();
        ports.sort();
        ports
    }
}

/// Where a path of an Ingress leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The host that it is for.
    pub(crate) host: String,
    /// The Service that it leads to.
    pub(crate) service: String,
    /// The number of its port.
    pub(crate) port: i32,
}

impl Route {
    /// Those of an Ingress that lead to a numbered port of a Service.
    #[must_use]
    pub(super) fn all(spec: &IngressSpec) -> Vec<Route> {
        let mut routes = Vec::new();
        for rule in spec.rules.iter().flatten() {
            for path in rule.http.iter().flat_map(|http| &http.paths) {
                let service = path.backend.service.as_ref();
                let port = service.and_then(|s| s.port.as_ref()).and_then(|port| port.number);
                if let (Some(service), Some(port)) = (service, port) {
                    let host = rule.host.clone().unwrap_or_default();
                    routes.push(Route { host, service: service.name.clone(), port });
                }
            }
        }
        routes
    }
}

/// An application's Services and Ingresses, and how they are to be.
#[derive(Clone, Copy)]
pub(crate) struct Front<'a> {
    /// The application's UID.
    pub(crate) app: Uid,
    /// Its name, which is that of its generic Service and of its Ingress.
    pub(crate) name: &'a str,
    /// Its Services, those of strangers included.
    pub(crate) services: &'a [Child],
    /// Its Ingresses, those of strangers included.
    pub(crate) ingresses: &'a [Child],
    /// The host that its Ingress is for; none: no Ingress is wanted.
    pub(crate) host: Option<&'a str>,
}

impl<'a> Front<'a> {
    /// The Services alone.
    #[must_use]
    pub(crate) fn services(app: Uid, name: &'a str, services: &'a [Child]) -> Front<'a> {
        Front { app, name, services, ingresses: &[], host: None }
    }
}

/// The port of Flink's web interface among a Service's.
const UI: &str = "ui";

impl Front<'_> {
    /// The cluster that everything leads to; none where the Service leads to none that is known, or
    /// something is missing or wrong.
    #[must_use]
    pub(crate) fn leads_to(&self) -> Option<Incarnation> {
        let service = self.ours(self.services).filter(|service| !service.going)?;
        let known = self.services.iter().filter_map(|service| service.incarnation);
        let selects = |number: &Incarnation| service.selector == Some(self.selector(*number));
        let cluster = known.into_iter().find(selects)?;
        (self.ports_right(service, cluster) && self.ingress_right(cluster)).then_some(cluster)
    }

    /// What the JobManagers' pods of a cluster are selected by: as its versioned Service does. That of one that
    /// the reference operator has made is random.
    #[must_use]
    pub(crate) fn selector(&self, cluster: Incarnation) -> String {
        let versioned = |service: &&Child| {
            let of_cluster = service.incarnation == Some(cluster) && service.hash.is_some();
            service.owner == Some(self.app) && of_cluster
        };
        let found = self.services.iter().find(versioned).and_then(|s| s.selector.clone());
        found.unwrap_or_else(|| ids::selector(self.app, cluster, Role::JobManager))
    }

    /// The ports that the Service is to have for a cluster; none where that is not known.
    #[must_use]
    pub(crate) fn ports(&self, cluster: Incarnation) -> Option<&[Port]> {
        let of_cluster = |service: &&Child| {
            service.owner == Some(self.app)
                && service.incarnation == Some(cluster)
                && service.name != self.name
        };
        self.services.iter().find(of_cluster).map(|service| service.ports.as_slice())
    }

    /// Whether the Service has the ports of a cluster, as far as those are known.
    #[must_use]
    pub(crate) fn ports_right(&self, service: &Child, cluster: Incarnation) -> bool {
        self.ports(cluster).is_none_or(|ports| service.ports == ports)
    }

    /// Whether the Ingress leads to a cluster's web interface, where one is wanted. Other rules and
    /// paths in it are somebody else's.
    #[must_use]
    pub(crate) fn ingress_right(&self, cluster: Incarnation) -> bool {
        let Some(host) = self.host else { return true };
        let port = self.ports(cluster).and_then(|ports| ports.iter().find(|port| port.name == UI));
        let leads = |route: &Route| {
            let there = route.host == host && route.service == self.name;
            there && port.is_none_or(|port| route.port == port.number)
        };
        self.ours(self.ingresses)
            .is_some_and(|ingress| !ingress.going && ingress.routes.iter().any(leads))
    }

    fn ours<'c>(&self, children: &'c [Child]) -> Option<&'c Child> {
        children.iter().find(|child| child.owner == Some(self.app) && child.name == self.name)
    }
}
