"""The Slack side: questions in, cited messages out. Knows nothing of FAISS, passages' SQL or models."""
