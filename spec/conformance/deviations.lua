-- Cases where Quartermaster decided against MSI: case id -> the decision that the case
-- contradicts. A case listed here must really differ; one that agrees again is reported as
-- failed.

return {}
