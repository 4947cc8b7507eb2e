"""Takes jobs from the queue and carries them out, stage by stage; anything it was cut short in is taken up again."""
