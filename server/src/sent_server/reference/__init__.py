"""What the server says about itself: its contract, and pages for people. Open to everyone, nothing of a tenant in it.

contract.json  contract/openapi-v3.json as shipped (tools/copy_contract.py)
document.py    the contract as served, and its operations as the pages show them
pages/         templates, style and the one script; nothing is fetched from elsewhere
pages.py       renders them
mounts.py      the paths
"""
