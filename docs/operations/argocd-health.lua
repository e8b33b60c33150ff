-- How Argo CD is to see a FlinkApplication: by its conditions, as kstatus reads them.
-- Lua 5.1, without libraries, as Argo CD runs it; `obj` is the object.

-- What the operator holds on purpose, until a person says how it is to go on.
local held = { TearDownFirst = true, JobCanceledExternally = true }

local conditions = {}
for _, condition in ipairs(obj.status and obj.status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready, reconciling, stalled = conditions.Ready, conditions.Reconciling, conditions.Stalled

local function is(condition)
  return condition ~= nil and condition.status == "True"
end

local function health(status)
  return { status = status, message = ready.reason .. ": " .. ready.message }
end

if obj.metadata.deletionTimestamp ~= nil and not is(stalled) then
  return { status = "Progressing", message = "it is being deleted" }
end
if ready == nil then
  return { status = "Progressing", message = "the operator has not looked at it yet" }
end
if obj.status.observedGeneration ~= nil and obj.status.observedGeneration < obj.metadata.generation then
  return { status = "Progressing", message = "the operator has not looked at this edit yet" }
end
if held[ready.reason] then
  return health("Suspended")
end
if is(reconciling) then
  return health("Progressing")
end
if is(ready) then
  return health("Healthy")
end
-- `Stalled`, or a deploy that failed.
return health("Degraded")
