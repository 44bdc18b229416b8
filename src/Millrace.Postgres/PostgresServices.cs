namespace Millrace;

/// <summary>Puts the Postgres store into a host.</summary>
public static class PostgresServices
{
}
