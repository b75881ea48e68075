"""PostgreSQL and Redis from wheels, for the demo, the tests and a first look; production brings its own servers.

`app.adapters.embedded.postgres` and `.redis_server` each start one server in a directory and stop it again; nothing
here knows what the servers are used for.
"""
