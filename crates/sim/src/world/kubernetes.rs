//! What is done to the objects of Kubernetes: created, changed, deleted, by the operator or by someone.
//!
//! Names follow from application, hash and role, as the operator's do, so that two clusters of one
//! version cannot stand at a time. The operator deletes in the foreground: a Deployment stays, terminating, until
//! its pods are gone. Every delete names a UID.

use std::fmt;
use std::sync::Arc;

use super::{
    AppId, Application, Cluster, Deployment, Pod, ProcessState, Revision, Role, Service, Shared,
    Spec, Uid, World,
};

/// Why an object could not be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateError {
    /// There is one of that name.
    AlreadyExists,
    /// There is no revision to make it from.
    NoRevision,
    /// The namespace is being deleted.
    NamespaceTerminates,
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CreateError::AlreadyExists => "an object of that name exists",
            CreateError::NoRevision => "the cluster has no revision",
            CreateError::NamespaceTerminates => "the namespace is being terminated",
        })
    }
}

impl std::error::Error for CreateError {}

impl World {
    /// The user creates an application.
    pub fn create_application(&mut self, name: &str, spec: Spec) -> AppId {
        let uid = self.new_uid();
        self.applications.push(Application {
            name: Arc::from(name),
            uid,
            generation: 1,
            spec,
            finalizer: false,
            deleting: false,
            gone: false,
            service: None,
            coloured: [None; 2],
        });
        AppId(self.applications.len() - 1)
    }

    /// The user edits an application.
    pub fn edit_application(&mut self, app: AppId, spec: Spec) {
        let application = &mut self.applications[app.0];
        application.spec = spec;
        application.generation += 1;
    }

    /// The user deletes an application: it is gone once it has no finalizer.
    pub fn delete_application(&mut self, app: AppId) {
        self.applications[app.0].deleting = true;
        self.collect(app);
    }

    /// Puts the operator's finalizer on an application.
    pub fn add_finalizer(&mut self, app: AppId) {
        let application = &mut self.applications[app.0];
        application.finalizer |= !application.deleting;
    }

    /// Takes it off.
    pub fn remove_finalizer(&mut self, app: AppId) {
        self.applications[app.0].finalizer = false;
        self.collect(app);
    }

    /// An application that may go goes, and the garbage collector takes what it owns.
    fn collect(&mut self, app: AppId) {
        let application = &mut self.applications[app.0];
        if !application.deleting || application.finalizer || application.gone {
            return;
        }
        application.gone = true;
        self.delete_addresses(app);
        self.services.retain(|s| s.cluster.app != app);
        self.revisions.retain(|r| r.cluster.app != app);
        let mine = self.deployments.iter().filter(|d| d.cluster.app == app);
        let uids: Vec<Uid> = mine.map(|d| d.uid).collect();
        uids.into_iter().for_each(|uid| self.delete_deployment(uid));
    }

    /// Stores a version as the revision of a cluster.
    ///
    /// # Errors
    /// There is one already, of another version, or the namespace goes.
    pub fn save_revision(
        &mut self,
        cluster: Cluster,
        spec: impl Into<Shared<Spec>>,
    ) -> Result<(), CreateError> {
        let spec = spec.into();
        match self.revision(cluster) {
            Some(there) if there.spec == spec => Ok(()),
            Some(_) => Err(CreateError::AlreadyExists),
            None => {
                let uid = self.new_object()?;
                self.revisions.push(Revision { uid, cluster, spec });
                Ok(())
            }
        }
    }

    /// The revision of a cluster.
    #[must_use]
    pub fn revision(&self, cluster: Cluster) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.cluster == cluster)
    }

    /// Removes the revision of a cluster.
    pub fn delete_revision(&mut self, cluster: Cluster) {
        self.revisions.retain(|r| r.cluster != cluster);
    }

    /// Creates a cluster's Deployment, made from its revision.
    ///
    /// # Errors
    /// The name is taken, or there is no revision.
    pub fn create_deployment(&mut self, cluster: Cluster, role: Role) -> Result<Uid, CreateError> {
        let hash = self.revision(cluster).ok_or(CreateError::NoRevision)?.spec.hash;
        self.create_deployment_from(cluster, role, cluster, hash)
    }

    /// The same, made from another revision of the application and named by `hash`: a part of a cluster
    /// that was scaled in place.
    ///
    /// # Errors
    /// The name is taken, or there is no such revision.
    pub fn create_deployment_from(
        &mut self,
        cluster: Cluster,
        role: Role,
        revision: Cluster,
        hash: u32,
    ) -> Result<Uid, CreateError> {
        let revision = self.revision(revision).ok_or(CreateError::NoRevision)?;
        let mut spec = revision.spec.clone();
        if spec.hash != hash {
            spec.hash = hash;
        }
        let name = |d: &Deployment| (d.cluster.app, d.spec.hash, d.role);
        if self.deployments.iter().any(|d| name(d) == (cluster.app, spec.hash, role)) {
            return Err(CreateError::AlreadyExists);
        }
        let uid = self.new_object()?;
        let replicas = match role {
            Role::JobManager => 1,
            Role::TaskManager => spec.taskmanagers,
        };
        let (label, terminating) = (spec.hash, false);
        self.deployments.push(Deployment {
            uid,
            cluster,
            role,
            spec,
            label,
            replicas,
            populated: false,
            terminating,
        });
        Ok(uid)
    }

    /// Labels a Deployment with another version.
    pub fn label_deployment(&mut self, uid: Uid, label: u32) {
        self.deployments.iter_mut().filter(|d| d.uid == uid).for_each(|d| d.label = label);
    }

    /// Lets a Deployment want another number of pods. Those that are too many are told to end: first
    /// those that do not run, then those in `first` (by their deletion cost), then whichever; here the
    /// ones with tasks, which is the worst that can happen.
    pub fn scale_deployment(&mut self, uid: Uid, replicas: u32, first: &[Uid]) {
        let Some(deployment) = self.deployments.iter_mut().find(|d| d.uid == uid) else { return };
        deployment.replicas = replicas;
        let rank = |pod: &Pod| match &pod.process {
            ProcessState::None => 0,
            _ if first.contains(&pod.uid) => 1,
            ProcessState::TaskManager(taskmanager) if !taskmanager.tasks.is_empty() => 2,
            ProcessState::TaskManager(_) | ProcessState::JobManager(_) => 3,
        };
        let mine = |p: &&mut Pod| p.deployment == uid && !p.terminating;
        let mut pods: Vec<&mut Pod> = self.pods.iter_mut().filter(mine).collect();
        let surplus = pods.len().saturating_sub(replicas as usize);
        pods.sort_by_key(|pod| rank(pod));
        pods.into_iter().take(surplus).for_each(|pod| pod.terminating = true);
    }

    /// Creates a cluster's versioned Service.
    ///
    /// # Errors
    /// The name is taken, or there is no revision.
    pub fn create_service(&mut self, cluster: Cluster) -> Result<Uid, CreateError> {
        let hash = self.revision(cluster).ok_or(CreateError::NoRevision)?.spec.hash;
        self.create_service_named(cluster, hash)
    }

    /// Creates a versioned Service of a cluster under the name of this version.
    ///
    /// # Errors
    /// The name is taken.
    pub fn create_service_named(
        &mut self,
        cluster: Cluster,
        hash: u32,
    ) -> Result<Uid, CreateError> {
        if self.services.iter().any(|s| (s.cluster.app, s.hash) == (cluster.app, hash)) {
            return Err(CreateError::AlreadyExists);
        }
        let uid = self.new_object()?;
        self.services.push(Service { uid, cluster, hash });
        Ok(uid)
    }

    /// Points the application's generic Service at a cluster, and creates it where it is missing.
    pub fn point_service(&mut self, cluster: Cluster) {
        if self.terminating {
            return;
        }
        self.applications[cluster.app.0].service = Some(cluster.incarnation);
    }

    /// Points the Service of a colour at a cluster.
    pub fn point_coloured(&mut self, cluster: Cluster, colour: usize) {
        if self.terminating {
            return;
        }
        if let Some(service) = self.applications[cluster.app.0].coloured.get_mut(colour) {
            *service = Some(cluster.incarnation);
        }
    }

    /// Deletes a Deployment in the foreground: its pods are told to end.
    pub fn delete_deployment(&mut self, uid: Uid) {
        if let Some(deployment) = self.deployments.iter_mut().find(|d| d.uid == uid) {
            deployment.terminating = true;
        }
        let pods = self.pods.iter_mut().filter(|p| p.deployment == uid);
        pods.for_each(|p| p.terminating = true);
        self.drop_empty_deployments();
    }

    /// Deletes the Services by which users know an application.
    pub(super) fn delete_addresses(&mut self, app: AppId) {
        let application = &mut self.applications[app.0];
        application.service = None;
        application.coloured = [None; 2];
    }

    /// Deletes a versioned Service.
    pub fn delete_service(&mut self, uid: Uid) {
        self.services.retain(|s| s.uid != uid);
    }

    /// Tells a pod to end. Its Deployment replaces it at once.
    pub fn delete_pod(&mut self, uid: Uid) {
        if let Some(pod) = self.pods.iter_mut().find(|p| p.uid == uid) {
            pod.terminating = true;
        }
    }

    pub(super) fn drop_empty_deployments(&mut self) {
        let pods = &self.pods;
        let has_pods = |d: &Deployment| pods.iter().any(|p| p.deployment == d.uid);
        self.deployments.retain(|d| !d.terminating || has_pods(d));
        self.orphaned.retain(has_pods);
    }

    /// What a pod was made from, whether that is still there or not.
    #[must_use]
    pub fn deployment_of(&self, pod: &Pod) -> Option<&Deployment> {
        let mut all = self.deployments.iter().chain(&self.orphaned);
        all.find(|d| d.uid == pod.deployment)
    }

    fn new_object(&mut self) -> Result<Uid, CreateError> {
        if self.terminating { Err(CreateError::NamespaceTerminates) } else { Ok(self.new_uid()) }
    }

    /// The pod with this UID.
    #[must_use]
    pub fn pod(&self, uid: Uid) -> Option<&Pod> {
        self.pods.iter().find(|p| p.uid == uid)
    }
}
