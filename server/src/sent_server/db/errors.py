"""The errors of storage, apart from bugs.

StorageError
├── StorageUnavailableError   full, read-only, locked or unreachable; the response is 503 and nothing was written
├── SchemaTooNewError         a newer release has migrated this database
└── SchemaTooOldError         this release's migrations have not been applied
"""


class StorageError(Exception):
    pass


class StorageUnavailableError(StorageError):
    pass


class SchemaTooNewError(StorageError):
    pass


class SchemaTooOldError(StorageError):
    pass
