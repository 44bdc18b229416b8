using System.Net.Sockets;
using System.Security.Authentication;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>What a failure of the database means to whoever runs the process. No message holds more of the address than host, port and database.</summary>
internal static class StoreFault
{
    /// <summary>The code of a write of which nobody knows whether it happened.</summary>
    public const string Unknown = "DB014";

    /// <summary>Whether the server itself refused: it then did nothing.</summary>
    public static bool IsRefusal(NpgsqlException error) => error is PostgresException && !IsOfConnection(error);

    /// <summary>Whether the connection is of no use any more.</summary>
    public static bool IsOfConnection(NpgsqlException error) => error switch
    {
        PostgresException { SqlState: [.. "57P0", _] or [.. "08", _, _, _] or "25P03" or "25P04" } => true,
        PostgresException => false,
        _ => true,
    };

    /// <summary>Whether the same may well succeed in a moment.</summary>
    public static bool Passes(NpgsqlException error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.TooManyConnections } => true,
        PostgresException => IsOfConnection(error),
        // It was waited for long enough already.
        _ => !IsTimeout(error) && Inner<AuthenticationException>(error) is null && !IsTls(error),
    };

    public static StoreException Explain(NpgsqlException error, string place)
    {
        var (code, text) = error is PostgresException refused ? Refused(refused, place) : Unreachable(error, place);
        return new StoreException(code, $"{text} ({Cause(error)})", error);
    }

    public static StoreException OutcomeUnknown(string place, NpgsqlException error) =>
        new(Unknown, $"{place} went away during a commit and did not come back: whether that write happened is not known. ({Cause(error)})", error);

    public static StoreException NotCommitted(string place) =>
        new("DB001", $"{place} went away during each commit: nothing was written.");

    private static (string Code, string Text) Refused(PostgresException error, string place) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            ("DB010", $"{place} refuses this user: check user, password and pg_hba.conf."),
        PostgresErrorCodes.InvalidCatalogName => ("DB001", $"{place} has no such database: create it, or name another."),
        PostgresErrorCodes.TooManyConnections => ("DB012", $"{place} is out of connections: lower MaxPoolSize of its users, or raise max_connections."),
        PostgresErrorCodes.CannotConnectNow => ("DB001", $"{place} starts up or shuts down."),
        PostgresErrorCodes.DiskFull => ("DB006", $"no space left for {place}: free space on its disk; nothing accepted is lost, and work goes on by itself."),
        PostgresErrorCodes.ReadOnlySqlTransaction => ("DB007", $"{place} is read-only: connect to the primary (target_session_attrs=read-write)."),
        PostgresErrorCodes.InsufficientPrivilege => ("DB007", $"{place} does not let this user do that: grant it the schema and its tables."),
        PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.LockNotAvailable =>
            ("DB004", $"{place} is locked by others again and again: end their transactions."),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => ("DB005", $"{place} is damaged: stop writing to it and restore a backup."),
        PostgresErrorCodes.IoError => ("DB008", $"the disk failed under {place}: check the server's log; nothing was reported as stored that was not."),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.InvalidSchemaName =>
            ("MIG003", $"{place} lost what the store keeps there: restore the schema, or restart to make it anew."),
        PostgresErrorCodes.QueryCanceled => ("DB013", $"{place} did not answer in time."),
        _ when IsOfConnection(error) => ("DB001", $"{place} ended the connection."),
        _ => ("DB009", $"{place} cannot be used."),
    };

    private static (string Code, string Text) Unreachable(NpgsqlException error, string place)
    {
        if (IsTls(error) || Inner<AuthenticationException>(error) is not null)
            return ("DB011", $"{place} and this program do not agree on TLS: check sslmode and the server's certificate.");
        if (error.Message.Contains("connection pool", StringComparison.Ordinal))
            return ("DB012", $"all connections to {place} are in use: raise MaxPoolSize.");
        if (IsTimeout(error)) return ("DB013", $"{place} did not answer in time.");
        if (error.Message.Contains("password", StringComparison.OrdinalIgnoreCase))
            return ("DB010", $"{place} asks for a password and there is none.");
        return ("DB001", $"{place} cannot be reached: check host, port and that PostgreSQL listens there.");
    }

    /// <summary>The cause as its finder put it, in one line.</summary>
    private static string Cause(NpgsqlException error)
    {
        var text = error is PostgresException refused ? $"PostgreSQL {refused.SqlState}: {refused.MessageText}"
            : Inner<SocketException>(error)?.Message ?? Inner<AuthenticationException>(error)?.Message ?? error.Message;
        return text.ReplaceLineEndings(" ");
    }

    private static bool IsTimeout(NpgsqlException error) => Inner<TimeoutException>(error) is not null;

    private static bool IsTls(NpgsqlException error) => error is not PostgresException && error.Message.Contains("SSL", StringComparison.Ordinal);

    private static T? Inner<T>(Exception? error)
        where T : Exception
    {
        for (; error is not null; error = error.InnerException)
            if (error is T found) return found;
        return null;
    }
}
