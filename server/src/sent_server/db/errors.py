"""What storage can fail with, apart from bugs.

StorageError
├── StorageUnavailableError   full, read-only, locked or unreachable; answered 503, nothing was written
├── SchemaTooNewError         a newer release has migrated this database
└── SchemaTooOldError         this release's migrations have not been made
"""


class StorageError(Exception):
    pass


class StorageUnavailableError(StorageError):
    pass


class SchemaTooNewError(StorageError):
    pass


class SchemaTooOldError(StorageError):
    pass
