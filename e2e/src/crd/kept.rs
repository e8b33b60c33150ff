//! An application with every field of the reference operator's, and some that nobody knows, stored before ours
//! takes the place of its CRD: nothing of it is lost, neither by that nor by what is written afterwards.

use anyhow::{Context, Result, ensure};
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

/// What was stored.
pub(super) struct Kept {
    name: String,
    spec: Value,
    status: Value,
}

impl Kept {
    /// Stores it, its status too.
    pub(super) async fn store(applications: &Api<DynamicObject>) -> Result<Kept> {
        let everything = include_str!("../../../crates/api/tests/data/everything.json");
        let everything: DynamicObject = serde_json::from_str(everything)?;
        let name = everything.metadata.name.clone().context("a name")?;
        let mut created = applications.create(&PostParams::default(), &everything).await?;
        let [spec, status] = ["spec", "status"].map(|part| everything.data[part].clone());
        created.data["status"] = status.clone();
        applications.replace_status(&name, &PostParams::default(), &created).await?;
        let kept = Kept { name, spec, status };
        kept.compare(applications).await.context("the reference operator's CRD")?;
        Ok(kept)
    }

    /// Compares it, also after its metadata and its status were written on; then it goes.
    pub(super) async fn is_as_it_was(&self, applications: &Api<DynamicObject>) -> Result<()> {
        self.compare(applications).await.context("under the new CRD")?;
        let plain = PatchParams::default();
        let labelled = Patch::Merge(json!({ "metadata": { "labels": { "written": "on" } } }));
        applications.patch(&self.name, &plain, &labelled).await.context("a label")?;
        let mut object = applications.get(&self.name).await?;
        object.data["status"]["machine"] = json!({ "format": 1 });
        applications.replace_status(&self.name, &PostParams::default(), &object).await?;
        object = applications.get(&self.name).await?;
        let machine = object.data["status"].as_object_mut().and_then(|s| s.remove("machine"));
        ensure!(machine.is_some(), "what was written of the status is lost");
        self.compare_with(&object).context("after it was written on")?;
        let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
        applications.patch(&self.name, &plain, &free).await?;
        applications.delete(&self.name, &Default::default()).await.map(drop)?;
        Ok(())
    }

    async fn compare(&self, applications: &Api<DynamicObject>) -> Result<()> {
        self.compare_with(&applications.get(&self.name).await?)
    }

    fn compare_with(&self, object: &DynamicObject) -> Result<()> {
        for (part, kept) in [("spec", &self.spec), ("status", &self.status)] {
            let now = &object.data[part];
            ensure!(now == kept, "{part} is {now:#}, and was {kept:#}");
        }
        Ok(())
    }
}
