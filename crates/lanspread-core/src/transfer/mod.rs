//! The swarm scheduler of one download.
