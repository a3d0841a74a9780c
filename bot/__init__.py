"""The service. Bottom up: errors, model, settings, logs, masking; contracts; vault, store, queue, live;
webhooks, webchat, pipeline, delivery, agent_actions, sweeper; compose; app, jobs, worker, clock; cli."""
