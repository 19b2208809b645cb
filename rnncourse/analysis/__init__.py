"""What happens inside a net: checks and measurements that need more than one part of the course."""
