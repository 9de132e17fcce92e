"""The names of the app's queues; whoever needs no more of them loads no client of Azure."""

PLAN = "segment-export-plan"
LANE = "segment-export-lane"
FINISH = "segment-export-finish"
# Whatever is long and no run: erasures, verifications, live checks.
UPKEEP = "segment-export-upkeep"
# Notifications: who sends them waits for somebody else's network.
NOTICES = "segment-export-notices"
ALL = (PLAN, LANE, FINISH, UPKEEP, NOTICES)
