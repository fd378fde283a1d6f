-- Jumps that do not exist on every host.
::again::
goto again
