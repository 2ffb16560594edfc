//! Delivering: what is done over the network once the output is written. Nothing else here talks to the network.

pub mod hub;
