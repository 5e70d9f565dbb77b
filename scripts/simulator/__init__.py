"""Officers, citizens and desks that use the service as people do, over its public protocol, and a judge of it."""
