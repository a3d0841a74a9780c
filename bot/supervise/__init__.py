"""Keeps the processes of one machine alive; `bot/supervisor.py` says which.

console   children's output: to the screen with the name in front, and to rotated files
child     one process: how it starts, when it is ready, how long to wait before it starts again
loop      one thread that watches all of them
plan      which children `make run` has
leftover  ending what a killed supervisor left behind
"""
