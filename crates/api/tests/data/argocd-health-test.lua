-- Tries docs/operations/argocd-health.lua on an object for each reason: `lua5.1 argocd-health-test.lua HEALTH OBJECTS`.
local check, objects = arg[1], dofile(arg[2])

local expected = {
  Healthy = { "Running", "JobFinished" },
  Progressing = {
    "Deploying", "PodTrouble", "RollingBack", "Recovering", "Confirming", "JobRestarting", "RestartLoop",
    "FlinkUnreachable", "Deleting",
  },
  Suspended = { "JobCanceledExternally", "TearDownFirst" },
  Degraded = {
    "RollbackFailed", "JobFailed", "JobLost", "DeployFailed", "InvalidSpec", "NotYetSupported", "Unreadable",
    "CrdOutdated", "InternalError", "NameTaken", "FlinkTooOld", "AdoptionHashMismatch", "ForeignJob", "RestorePointUnproven",
    "CheckpointsNotRetained",
  },
}

local failed, tried = 0, 0
local function try(what, object, status, message)
  obj = object
  local found = dofile(check)
  tried = tried + 1
  if found.status ~= status or (message and found.message ~= message) then
    failed = failed + 1
    print(what .. ": " .. found.status .. " (" .. found.message .. ") instead of " .. status)
  end
end

local named = {}
for status, reasons in pairs(expected) do
  for _, reason in ipairs(reasons) do
    named[reason] = true
    try(reason, objects[reason], status, reason ~= "Deleting" and reason .. ": so it is" or nil)
  end
end
for reason in pairs(objects) do
  if not named[reason] then
    failed = failed + 1
    print(reason .. " is not expected to be anything")
  end
end

-- Before the operator has looked at it, or at the newest edit; and where the reference operator wrote the status.
local metadata = { generation = 2 }
try("no status", { metadata = metadata }, "Progressing")
try("a status without conditions", { metadata = metadata, status = { phase = "Running" } }, "Progressing")
local running = objects.Running
try("a newer edit", { metadata = { generation = running.metadata.generation + 1 }, status = running.status }, "Progressing")
local deleted = { generation = running.metadata.generation, deletionTimestamp = "now" }
try("a deletion that nobody has seen yet", { metadata = deleted, status = running.status }, "Progressing")
-- A deletion that waits for a person is not on its way.
local stalled = { metadata = { generation = 1, deletionTimestamp = "now" }, status = objects.ForeignJob.status }
stalled.metadata.generation = stalled.status.observedGeneration
try("a deletion that waits", stalled, "Degraded")

print(tried .. " tried, " .. failed .. " failed")
os.exit(failed == 0 and 0 or 1)
